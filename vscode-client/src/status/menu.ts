/** What a click on the status item offers: a quick pick of commands, those first that matter now. */

import * as vscode from 'vscode';
import type { Life } from './text';

export interface Situation {
  life: Life;
  reason: string;
  condition: string | null;
  message: string;
  paused: boolean;
  /** The language of the active editor, and whether its suggestions are off. */
  language: { id: string; off: boolean } | undefined;
}

interface Choice extends vscode.QuickPickItem {
  command?: string;
}

export async function openMenu(situation: Situation): Promise<void> {
  const chosen = await vscode.window.showQuickPick(choices(situation), {
    title: 'cachewise',
    placeHolder: situation.reason || situation.message || vscode.l10n.t('What would you like to do?'),
  });
  if (chosen?.command !== undefined) {
    await vscode.commands.executeCommand(chosen.command);
  }
}

function choices({ life, condition, paused, language }: Situation): Choice[] {
  const { t } = vscode.l10n;
  const found: Choice[] = [];
  const add = (icon: string, label: string, command: string): void => {
    found.push({ label: `$(${icon}) ${label}`, command });
  };
  const line = (): void => {
    found.push({ label: '', kind: vscode.QuickPickItemKind.Separator });
  };
  if (life === 'missing') {
    add('cloud-download', t('Install the server'), 'cachewise.install');
  }
  if (life === 'down') {
    add('refresh', t('Start the server again'), 'cachewise.restart');
  }
  if (condition === 'key') {
    add('account', t('Sign in to OpenRouter'), 'cachewise.signIn');
    add('key', t('Set API key'), 'cachewise.setKey');
    add('debug-disconnect', t('Try it offline'), 'cachewise.tryOffline');
  }
  if (condition === 'overBudget') {
    add('credit-card', t('Change the budget'), 'cachewise.setBudget');
  }
  if (found.length > 0) {
    line();
  }
  add(
    paused ? 'debug-start' : 'debug-pause',
    paused ? t('Go on with suggestions') : t('Pause suggestions for 10 minutes'),
    'cachewise.pause',
  );
  if (language !== undefined) {
    const label = language.off ? t('Suggest in {0} again', language.id) : t('No suggestions in {0}', language.id);
    add(language.off ? 'eye' : 'eye-closed', label, 'cachewise.toggleLanguage');
  }
  add('flame', t("Write this file's context to the provider's cache now"), 'cachewise.prewarmHere');
  line();
  add('graph', t('Show usage'), 'cachewise.showUsage');
  add('symbol-misc', t('Change the model'), 'cachewise.chooseModel');
  if (condition !== 'overBudget') {
    add('credit-card', t('Change the budget'), 'cachewise.setBudget');
  }
  if (condition !== 'key') {
    add('key', t('Set API key'), 'cachewise.setKey');
  }
  line();
  add('settings-gear', t('Open settings'), 'cachewise.openSettings');
  add('output', t('Show log'), 'cachewise.showLog');
  add('refresh', t('Restart the server'), 'cachewise.restart');
  return found;
}
