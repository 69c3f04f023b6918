/** The extension as the editor sees it: activated, with all that its manifest promises, and one server. */

import * as assert from 'node:assert/strict';
import * as vscode from 'vscode';
import { cachewise, until } from './editor';

interface Manifest {
  contributes: {
    commands: { command: string }[];
    configuration: { properties: Record<string, { scope: string; default: unknown }> };
  };
}

function manifest(): Manifest['contributes'] {
  const extension = vscode.extensions.getExtension('cachewise.cachewise');
  assert.ok(extension);
  return (extension.packageJSON as Manifest).contributes;
}

describe('the extension', () => {
  it('activates and starts one server', async () => {
    const { lifecycle, readings } = await cachewise();
    assert.equal(lifecycle.reason, '');
    assert.equal(readings.status?.health, 'ok');
  });

  it('has registered every command of its manifest', async () => {
    await cachewise();
    const known = new Set(await vscode.commands.getCommands(true));
    const promised = manifest().commands.map(({ command }) => command);
    assert.ok(promised.length > 15);
    assert.deepEqual(promised.filter((command) => !known.has(command)), []);
  });

  it("gives no word to a folder about what is the machine's", async () => {
    const configuration = vscode.workspace.getConfiguration('cachewise');
    const { properties } = manifest().configuration;
    const machine = Object.keys(properties).filter((name) => properties[name]?.scope.startsWith('machine'));
    assert.ok(machine.includes('cachewise.server.path'));
    for (const name of machine) {
      const key = name.slice('cachewise.'.length);
      await assert.rejects(async () => {
        await configuration.update(key, 'anything', vscode.ConfigurationTarget.Workspace);
      }, name);
    }
  });

  it('keeps the sums over a restart that the user asks for', async () => {
    const { lifecycle, readings } = await cachewise();
    const before = lifecycle.running;
    const requests = readings.session?.requests;
    await vscode.commands.executeCommand('cachewise.restart');
    await until('another server runs', () => lifecycle.running !== undefined && lifecycle.running !== before);
    assert.equal(readings.session?.requests, requests);
  });
});
