/** What the tests in the extension host do again and again: files, waiting, the extension's own part, the provider. */

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import type { Api } from '../../src/extension';

/** Milliseconds until something that should happen counts as never happening. */
const DEADLINE = 40_000;
const POLL = 20;
const LANGUAGE = 'python';
export const SOURCE = 'def double(number):\n    return number * 2\n\n\n';
let files = 0;

/** The extension, activated and with its server running. */
export async function cachewise(): Promise<Api> {
  const extension = vscode.extensions.getExtension<Api>('cachewise.cachewise');
  assert.ok(extension, 'the extension is not there');
  const api = await extension.activate();
  await until('the server runs and has told its status', () => api.lifecycle.life === 'running' && api.readings.status);
  return api;
}

/** The first truthy thing that `look` finds. Rejects after the deadline, naming `what`. */
export async function until<T>(what: string, look: () => T | Promise<T>): Promise<NonNullable<T>> {
  const end = Date.now() + DEADLINE;
  for (;;) {
    const found = await look();
    if (found) {
      return found;
    }
    assert.ok(Date.now() < end, `${what}: never so`);
    await new Promise((resolve) => setTimeout(resolve, POLL));
  }
}

/** Opens a new file of the workspace with this text, the cursor at its end. */
export async function open(text = SOURCE): Promise<vscode.TextEditor> {
  const folder = vscode.workspace.workspaceFolders?.[0];
  assert.ok(folder, 'there is no folder');
  const uri = vscode.Uri.joinPath(folder.uri, `host_${++files}.py`);
  await vscode.workspace.fs.writeFile(uri, Buffer.from(text.replaceAll('number', `number_${files}`)));
  const editor = await vscode.window.showTextDocument(await vscode.workspace.openTextDocument(uri));
  assert.equal(editor.document.languageId, LANGUAGE);
  const end = editor.document.positionAt(editor.document.getText().length);
  editor.selection = new vscode.Selection(end, end);
  return editor;
}

/** Types into the active editor, as the keyboard does. */
export async function type(text: string): Promise<void> {
  for (const key of text) {
    await vscode.commands.executeCommand('type', { text: key });
  }
}

/** Tells the simulated provider how to answer from now on. */
export async function follow(script: { answer?: string; token_delay?: number; faults?: object[] }): Promise<void> {
  const told = await fetch(control('script'), { method: 'POST', body: JSON.stringify(script) });
  assert.equal(told.status, 200, await told.text());
}

/** What the simulated provider has charged, in US dollars, and how many requests it has received. */
export async function account(): Promise<{ cost: number; requests: number; running: number }> {
  const sums = (await (await fetch(control('account'))).json()) as { cost: string; requests: number; running: number };
  return { ...sums, cost: Number(sums.cost) };
}

function control(name: string): string {
  const { OPENROUTER_BASE_URL } = process.env;
  assert.ok(OPENROUTER_BASE_URL, 'the editor has no simulated provider');
  return `${new URL(OPENROUTER_BASE_URL).origin}/simulator/${name}`;
}
