/** *Set API Key*: which provider, and its key. An empty answer forgets the key that is stored. */

import * as vscode from 'vscode';
import { type Keys, type Provider, PROVIDERS } from './store';

const NAMES: Record<Provider, string> = { openrouter: 'OpenRouter', anthropic: 'Anthropic', openai: 'OpenAI' };

export async function askForKey(keys: Keys): Promise<void> {
  const stored = await Promise.all(PROVIDERS.map((provider) => keys.has(provider)));
  const picks = PROVIDERS.map((provider, index) => ({
    label: NAMES[provider],
    description: stored[index] === true ? vscode.l10n.t('a key is stored') : '',
    provider,
    has: stored[index] === true,
  }));
  const chosen = await vscode.window.showQuickPick(picks, { title: vscode.l10n.t('Whose key?') });
  if (chosen === undefined) {
    return;
  }
  const key = await vscode.window.showInputBox({
    title: vscode.l10n.t('API key of {0}', chosen.label),
    prompt: chosen.has
      ? vscode.l10n.t("Stored in the editor's secret store. Leave it empty to forget the stored one.")
      : vscode.l10n.t("Stored in the editor's secret store, and sent to {0} only.", chosen.label),
    password: true,
    ignoreFocusOut: true,
  });
  if (key === undefined || (key.trim() === '' && !chosen.has)) {
    return;
  }
  await keys.set(chosen.provider, key);
}
