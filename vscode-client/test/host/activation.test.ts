/**
 * What the extension's start costs the editor, as the editor itself measured it. Told, not judged: the machine decides.
 * `bench/vscode.py` makes figures of it.
 */

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { cachewise, until } from './editor';

describe('activation', () => {
  it('is measured by the editor', async () => {
    await cachewise();
    await vscode.commands.executeCommand('perfview.show');
    const row = await until('the editor tells', () =>
      vscode.workspace.textDocuments
        .find(({ uri }) => uri.scheme === 'perf')
        ?.getText()
        .split('\n')
        .find((line) => /^\| *cachewise\.cachewise /.test(line)),
    );
    // The columns: name, eager, milliseconds to load, to call, and to finish what was called.
    const milliseconds = row.split('|').slice(3, 6).map(Number);
    assert.ok(milliseconds.length === 3 && milliseconds.every((number) => number >= 0), row);
    // eslint-disable-next-line no-console -- read by the program that started this editor
    console.log(`activation: ${milliseconds.join(' ')}`);
  });
});
