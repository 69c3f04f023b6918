/** How this window's server is started: the program, its environment, and a sentence where there is none. */

import * as os from 'node:os';
import * as vscode from 'vscode';
import type { Keys } from '../keys/store';
import { serverPath } from '../settings';
import type { Launch } from './connection';
import { disk, pythonEnvironment } from './disk';
import { type Found, find, safeSearchPath } from './find';
import { CannotStart } from './lifecycle';

export function folders(): string[] {
  return (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath);
}

/** The search path without what is relative, or inside of a folder that is not trusted. */
export function searchPath(): string {
  return safeSearchPath({
    searchPath: process.env.PATH ?? '',
    folders: folders(),
    trusted: vscode.workspace.isTrusted,
    windows: process.platform === 'win32',
  });
}

/** Finds the server and what it is started with. */
export async function launch(installed: string, keys: Keys, log: vscode.LogOutputChannel): Promise<Launch> {
  const setting = serverPath();
  const found = await find(
    {
      setting,
      // Not asked where it would not be used: a named program is the one, and an untrusted folder has no say.
      environment: setting === '' && vscode.workspace.isTrusted ? await pythonEnvironment() : undefined,
      searchPath: searchPath(),
      installed,
      folders: folders(),
      trusted: vscode.workspace.isTrusted,
      windows: process.platform === 'win32',
    },
    disk,
  );
  if (found.kind !== 'found') {
    throw refusal(found);
  }
  log.info(`The server is ${found.program} (${found.origin}).`);
  // In the home folder: a program should find nothing of the workspace beside it.
  return { command: found.program, args: ['serve'], env: await keys.environment(process.env), cwd: os.homedir() };
}

function refusal(found: Exclude<Found, { kind: 'found' }>): CannotStart {
  const { t } = vscode.l10n;
  if (found.kind === 'none') {
    return new CannotStart(t('The cachewise server is not installed.'), 'missing');
  }
  const { program, reason } = found;
  switch (reason) {
    case 'relative':
      return new CannotStart(t('The setting cachewise.server.path must be a full path, and {0} is none.', program));
    case 'untrusted':
      return new CannotStart(t('{0} is inside of a folder that is not trusted, so it is not run.', program));
    case 'missing':
      return new CannotStart(t('There is no program {0}, which cachewise.server.path names.', program));
  }
}
