/** Changing the model and the budget: asked for, then written to the user's own settings. */

import * as vscode from 'vscode';

/** Models to begin with; any other can be typed. */
const MODELS = [
  'openrouter:anthropic/claude-haiku-4.5',
  'openrouter:anthropic/claude-sonnet-4.5',
  'openrouter:openai/gpt-5-mini',
  'openrouter:google/gemini-2.5-flash',
  'anthropic:claude-haiku-4-5',
  'openai:gpt-5-mini',
  'offline',
];
const MODEL = /^(?:(?:openrouter|anthropic|openai|local):\S+|offline)$/;

export async function chooseModel(current: string | undefined): Promise<void> {
  const other = vscode.l10n.t('Another one …');
  const chosen = await vscode.window.showQuickPick(
    [
      ...MODELS.map((label) => ({ label, description: label === current ? vscode.l10n.t('in use') : '' })),
      { label: other, description: '' },
    ],
    { title: vscode.l10n.t('The model that explains, answers and completes') },
  );
  const model = chosen?.label === other ? await typedModel(current) : chosen?.label;
  if (model !== undefined) {
    await update('model', model);
  }
}

function typedModel(current: string | undefined): Thenable<string | undefined> {
  return vscode.window.showInputBox({
    title: vscode.l10n.t('Model'),
    prompt: 'openrouter:VENDOR/MODEL, anthropic:MODEL, openai:MODEL, local:NAME, offline',
    value: current ?? '',
    validateInput: (text) => (MODEL.test(text.trim()) ? undefined : vscode.l10n.t('That is no model.')),
  });
}

export async function chooseBudget(): Promise<void> {
  const configuration = vscode.workspace.getConfiguration('cachewise');
  const current = configuration.get<number | null>('budget.perDayUsd', null);
  const text = await vscode.window.showInputBox({
    title: vscode.l10n.t('Dollars that may be spent in a day, by all your editors together'),
    prompt: vscode.l10n.t('Empty for no limit. A budget in the user file or the environment can only be lowered here.'),
    value: current === null ? '' : String(current),
    validateInput: (typed) =>
      typed.trim() === '' || Number(typed) >= 0 ? undefined : vscode.l10n.t('That is no amount.'),
  });
  if (text !== undefined) {
    await update('budget.perDayUsd', text.trim() === '' ? undefined : Number(text));
  }
}

export async function useOffline(): Promise<void> {
  await update('model', 'offline');
}

async function update(key: string, value: string | number | undefined): Promise<void> {
  await vscode.workspace.getConfiguration('cachewise').update(key, value, vscode.ConfigurationTarget.Global);
}
