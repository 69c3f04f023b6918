/** The extension's own settings, and the server's section as the user set it. */

import * as vscode from 'vscode';
import type { Level } from './status/text';

const OWN = ['server.path'];

/** The program that the user named; empty where none. Of the user's own settings only: its scope is `machine`. */
export function serverPath(): string {
  return vscode.workspace.getConfiguration('cachewise').get('server.path', '');
}

export function statusLevel(): Level {
  return vscode.workspace.getConfiguration('cachewise').get<Level>('status', 'full');
}

/** The names of the server's settings, from the manifest. */
export function serverSettings(manifest: unknown): string[] {
  const { contributes } = manifest as {
    contributes: { configuration: { properties: Record<string, unknown> } };
  };
  return Object.keys(contributes.configuration.properties)
    .map((key) => key.slice('cachewise.'.length))
    .filter((key) => !OWN.includes(key));
}

/**
 * The server's section. What nobody set is null, which means unset: a default that is sent along would win over the
 * user file of the server.
 */
export function section(keys: readonly string[]): Record<string, unknown> {
  const configuration = vscode.workspace.getConfiguration('cachewise');
  const told: Record<string, unknown> = {};
  for (const key of keys) {
    const found = configuration.inspect(key);
    const set = found?.workspaceFolderValue ?? found?.workspaceValue ?? found?.globalValue;
    told[key] = set === undefined ? null : configuration.get(key);
  }
  return told;
}
