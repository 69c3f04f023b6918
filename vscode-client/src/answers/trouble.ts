/**
 * What a user who asked by hand is offered when there is no answer. The sentence itself already stands in the document
 * and in the status; a message comes only where there is something to press.
 */

import * as vscode from 'vscode';

/** Offers the way out, if there is one. `allow` asks once more, past the budget. */
export async function offer(error: unknown, allow: () => Promise<unknown>): Promise<void> {
  const sentence = error instanceof Error ? error.message : String(error);
  switch (kindOf(error)) {
    case 'overBudget': {
      const once = vscode.l10n.t('Send It Once');
      const budget = vscode.l10n.t('Change the Budget');
      const chosen = await vscode.window.showWarningMessage(sentence, once, budget);
      if (chosen === once) {
        await allow();
      } else if (chosen === budget) {
        await vscode.commands.executeCommand('cachewise.setBudget');
      }
      return;
    }
    case 'noKey': {
      const set = vscode.l10n.t('Set API Key');
      const signIn = vscode.l10n.t('Sign in to OpenRouter');
      const chosen = await vscode.window.showWarningMessage(sentence, set, signIn);
      if (chosen !== undefined) {
        await vscode.commands.executeCommand(chosen === set ? 'cachewise.setKey' : 'cachewise.signIn');
      }
      return;
    }
    default:
  }
}

/** The class of a failure, from the data of the server's error. */
export function kindOf(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('data' in error)) {
    return undefined;
  }
  const { data } = error;
  return typeof data === 'object' && data !== null && 'kind' in data && typeof data.kind === 'string'
    ? data.kind
    : undefined;
}
