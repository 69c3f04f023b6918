/**
 * Between the language client and the editor: what is shown of the server's suggestions.
 *
 * Nothing is asked while suggestions pause, or while text is selected, which the server is not told. The server's
 * failures end as no suggestion (the status tells them), and beside its suggestion stand those that cost nothing
 * (`alternatives.ts`).
 */

import * as vscode from 'vscode';
import type { Suggest } from '../server/connection';
import { Alternatives, type Spot } from './alternatives';

/** Makes the function that the language client asks. */
export function suggester(paused: (document: vscode.TextDocument) => boolean, log: vscode.LogOutputChannel): Suggest {
  const alternatives = new Alternatives();
  return async (document, _position, context, token, next) => {
    const invoked = context.triggerKind === vscode.InlineCompletionTriggerKind.Invoke;
    if ((paused(document) || selected(document)) && !invoked) {
      return [];
    }
    let items: vscode.InlineCompletionItem[];
    try {
      items = await next();
    } catch (error) {
      if (!token.isCancellationRequested) {
        log.debug(`No suggestion: ${String(error)}`);
      }
      return [];
    }
    const item = items[0];
    if (token.isCancellationRequested || item === undefined) {
      return [];
    }
    return [item, ...others(alternatives, document, item)];
  };
}

/** Whether text of the document is selected, so that typing would replace it. */
function selected(document: vscode.TextDocument): boolean {
  const editor = vscode.window.activeTextEditor;
  return editor?.document === document && !editor.selection.isEmpty;
}

function others(
  alternatives: Alternatives,
  document: vscode.TextDocument,
  item: vscode.InlineCompletionItem,
): vscode.InlineCompletionItem[] {
  const { range, insertText: text } = item;
  if (range === undefined || typeof text !== 'string') {
    return [];
  }
  const spot: Spot = {
    uri: document.uri.toString(),
    line: range.start.line,
    head: document.lineAt(range.start.line).text.slice(0, range.start.character),
    typed: document.getText(range),
  };
  alternatives.note(spot, text);
  return alternatives.beside(spot, text).map((other) => new vscode.InlineCompletionItem(other, range, told(item, other)));
}

/** The command that tells the server how much was accepted. */
function told(item: vscode.InlineCompletionItem, text: string): vscode.Command | undefined {
  const id: unknown = item.command?.arguments?.[0];
  return item.command && typeof id === 'string' ? { ...item.command, arguments: [id, Array.from(text).length] } : undefined;
}
