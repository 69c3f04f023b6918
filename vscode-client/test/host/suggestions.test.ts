/** Suggestions through the editor's own commands: asked, shown, taken, and paid for once. */

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { account, cachewise, follow, open, SOURCE, type, until } from './editor';

const REST = '(number):\n    return number * 3';

/** Takes what is suggested, asking until there is something: the editor makes its asking part when it has time. */
async function take(editor: vscode.TextEditor, command: string): Promise<string> {
  const before = editor.document.getText();
  await until('something is taken', async () => {
    await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
    await vscode.commands.executeCommand(command);
    return editor.document.getText() !== before;
  });
  return editor.document.getText().slice(before.length);
}

describe('suggestions', () => {
  beforeEach(async () => {
    await cachewise();
    await follow({ answer: `def triple${REST}\n` });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('are taken whole', async () => {
    const editor = await open();
    await type('def triple');
    await until('all of it is taken', async () => {
      await take(editor, 'editor.action.inlineSuggest.commit');
      return editor.document.getText().endsWith(REST);
    });
  });

  it('are taken by the word, and what is left costs nothing', async () => {
    const editor = await open();
    await type('def triple');
    const word = await take(editor, 'editor.action.inlineSuggest.acceptNextWord');
    assert.ok(REST.startsWith(word) && word.length < REST.length, word);
    await until('the provider is quiet', async () => (await account()).running === 0);
    const { requests } = await account();
    await take(editor, 'editor.action.inlineSuggest.acceptNextWord');
    assert.equal((await account()).requests, requests);
  });

  it('are none, and nothing is asked, while they pause', async () => {
    const { requests } = await account();
    await vscode.commands.executeCommand('cachewise.pause');
    try {
      const editor = await open();
      await type('def triple');
      await until('the server has the text', () => editor.document.getText() === `${before(editor)}def triple`);
    } finally {
      await vscode.commands.executeCommand('cachewise.pause');
    }
    assert.equal((await account()).requests, requests);
  });

  it('leave the text alone where the provider fails, and the status tells it', async () => {
    const { readings } = await cachewise();
    await follow({ faults: Array.from({ length: 40 }, () => ({ kind: 'status', status: 503 })) });
    const editor = await open();
    await type('def triple');
    await until('the status tells it', async () => {
      await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
      return readings.status?.health !== 'ok';
    });
    await vscode.commands.executeCommand('editor.action.inlineSuggest.commit');
    assert.equal(editor.document.getText(), `${before(editor)}def triple`);
  });
});

/** What the file was opened with. */
function before(editor: vscode.TextEditor): string {
  const number = /_(\d+)\.py$/.exec(editor.document.fileName)?.[1] ?? '';
  return SOURCE.replaceAll('number', `number_${number}`);
}
