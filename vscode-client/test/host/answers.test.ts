/** Questions by the editor's own API: lenses, actions, hovers, and an explanation that streams into a document. */

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { account, cachewise, follow, open, until } from './editor';

const ANSWER = 'It returns **twice** the number.\n\nNothing else is changed, and nothing is kept.\n';

describe('questions', () => {
  beforeEach(async () => {
    await cachewise();
    await follow({ answer: ANSWER });
    await vscode.commands.executeCommand('workbench.action.closeAllEditors');
  });

  it('are offered as code actions on what is selected', async () => {
    const { document } = await open();
    const actions = await vscode.commands.executeCommand<vscode.CodeAction[]>(
      'vscode.executeCodeActionProvider',
      document.uri,
      new vscode.Range(0, 0, 1, 0),
    );
    const commands = actions.map(({ command }) => command?.command);
    assert.ok(commands.includes('cachewise.explain'), String(commands));
    assert.ok(commands.includes('cachewise.document'), String(commands));
  });

  it('stream into a virtual document, in order and at least three steps, and cost what the provider charges', async () => {
    const { readings } = await cachewise();
    await follow({ answer: ANSWER, token_delay: 0.1 });
    const sizes: number[] = [];
    const listening = vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.uri.scheme === 'cachewise') {
        sizes.push(document.getText().length);
      }
    });
    const editor = await open();
    editor.selection = new vscode.Selection(0, 5, 0, 5);
    const asked = vscode.commands.executeCommand('cachewise.explainHere');
    const shown = await until('the document is whole', () =>
      vscode.workspace.textDocuments.find(
        (one) => one.uri.scheme === 'cachewise' && /nothing is kept\.[^]*\$/.test(one.getText()),
      ),
    );
    await asked;
    listening.dispose();
    assert.ok(new Set(sizes).size >= 3, String(sizes));
    assert.ok(shown.getText().includes(ANSWER.trim()));
    assert.equal(shown.languageId, 'markdown');
    await until("the bill is the provider's", async () => {
      const { cost, running } = await account();
      return running === 0 && Math.abs((readings.session?.costUsd ?? -1) - cost) < 1e-9;
    });
  });

  it('are whole in their documents where the answer comes at once', async () => {
    for (let time = 0; time < 5; time += 1) {
      const editor = await open();
      editor.selection = new vscode.Selection(0, 5, 0, 5);
      await vscode.commands.executeCommand('cachewise.explainHere');
      await until('the document is whole', () =>
        vscode.workspace.textDocuments.some(
          (one) => one.uri.scheme === 'cachewise' && /nothing is kept\.[^]*\$/.test(one.getText()),
        ),
      );
      await vscode.commands.executeCommand('workbench.action.closeAllEditors');
      await until('it is closed', () => !vscode.workspace.textDocuments.some(({ uri }) => uri.scheme === 'cachewise'));
    }
  });

  it('are answered again without the provider', async () => {
    const { document } = await open();
    const ask = (): Thenable<unknown> =>
      vscode.commands.executeCommand('cachewise.explain', {
        uri: document.uri.toString(),
        position: { line: 0, character: 5 },
      });
    await ask();
    const { requests } = await account();
    await ask();
    assert.equal((await account()).requests, requests);
  });
});
