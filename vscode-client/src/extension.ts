/**
 * The composition root: builds the parts and ties them together. Nothing here waits: the server starts behind the
 * editor's own start, and the language client is loaded only then.
 */

import * as os from 'node:os';
import * as vscode from 'vscode';
import type { Status } from './protocol';
import type { Owner } from './server/connection';
import { disk, pythonEnvironment } from './server/disk';
import { find } from './server/find';
import { CannotStart, Lifecycle } from './server/lifecycle';
import { section, serverPath, serverSettings, statusLevel } from './settings';
import { StatusItem } from './status/item';
import { Sessions } from './status/sums';

const LANGUAGES = [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-remote' }];

export function activate(context: vscode.ExtensionContext): void {
  const log = vscode.window.createOutputChannel('cachewise', { log: true });
  const keys = serverSettings(context.extension.packageJSON);
  const sessions = new Sessions();
  let status: Status | undefined;
  const owner: Owner = {
    log,
    languages: LANGUAGES,
    settings: () => section(keys),
    onStatus: (told) => {
      status = told;
      sessions.told(told.session);
      item.update();
    },
    onGrown: () => undefined,
    onGone: () => {
      sessions.over();
      lifecycle.gone();
    },
    onCommand: async () => undefined,
    suggest: (_document, _position, _context, _token, next) => next(),
    content: async (_uri, next) => (await next()) ?? '',
    show: async () => undefined,
  };
  const lifecycle = new Lifecycle(
    async () => {
      const found = await find(
        {
          setting: serverPath(),
          environment: await pythonEnvironment(),
          searchPath: process.env['PATH'] ?? '',
          installed: vscode.Uri.joinPath(context.globalStorageUri, 'server').fsPath,
          folders: (vscode.workspace.workspaceFolders ?? []).map((folder) => folder.uri.fsPath),
          trusted: vscode.workspace.isTrusted,
          windows: process.platform === 'win32',
        },
        disk,
      );
      if (found.kind !== 'found') {
        throw new CannotStart(vscode.l10n.t('The cachewise server is not installed.'), 'missing');
      }
      return { command: found.program, args: ['serve'], env: process.env, cwd: os.homedir() };
    },
    async (launch, its) => (await import('./client.js')).connect(launch, its),
    owner,
  );
  const item = new StatusItem(
    () => ({
      life: lifecycle.life,
      status,
      session: sessions.total,
      paused: false,
      streaming: false,
      level: statusLevel(),
      now: new Date(),
      t: vscode.l10n.t,
    }),
    () => new vscode.MarkdownString(lifecycle.reason),
  );
  context.subscriptions.push(log, lifecycle, item);
  lifecycle.onChange(() => {
    item.update();
  });
  void lifecycle.restart();
}
