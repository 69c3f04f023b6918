/** The one-click installation: offered once for each window, shown as progress, and it can be stopped. */

import { rm, stat } from 'node:fs/promises';
import * as path from 'node:path';
import * as vscode from 'vscode';
import { type Ground, install } from './install';
import { runner } from './run';

export class Installation {
  private offered = false;
  private running: Promise<boolean> | undefined;

  constructor(
    private readonly context: vscode.ExtensionContext,
    private readonly log: vscode.LogOutputChannel,
    /** The search path without what is relative or inside of a folder that is not trusted. */
    private readonly searchPath: () => string,
  ) {}

  get folder(): string {
    return vscode.Uri.joinPath(this.context.globalStorageUri, 'server').fsPath;
  }

  /** Offers to install; true if the server is there afterwards. */
  async offer(): Promise<boolean> {
    if (this.offered) {
      return false;
    }
    this.offered = true;
    const yes = vscode.l10n.t('Install');
    const choose = vscode.l10n.t('Choose a Program');
    const chosen = await vscode.window.showInformationMessage(
      vscode.l10n.t('cachewise needs its server, a Python program. Install it into a folder of this extension?'),
      yes,
      choose,
    );
    if (chosen === choose) {
      await vscode.commands.executeCommand('workbench.action.openSettings', 'cachewise.server.path');
    }
    return chosen === yes && (await this.install());
  }

  /** Installs, with progress; several wishes are one. */
  install(): Promise<boolean> {
    this.running ??= this.carryOut().finally(() => {
      this.running = undefined;
    });
    return this.running;
  }

  private async carryOut(): Promise<boolean> {
    const titles: Record<string, string> = {
      environment: vscode.l10n.t('making an environment'),
      wheels: vscode.l10n.t('from the packages that came with the extension'),
      index: vscode.l10n.t('getting packages'),
    };
    const options = {
      location: vscode.ProgressLocation.Notification,
      title: vscode.l10n.t('Installing the cachewise server'),
      cancellable: true,
    };
    return vscode.window.withProgress(options, async (progress, token) => {
      const stop = new AbortController();
      token.onCancellationRequested(() => {
        stop.abort();
      });
      try {
        await vscode.workspace.fs.createDirectory(this.context.globalStorageUri);
        const run = runner(this.searchPath(), stop.signal, (line) => {
          this.log.info(line);
        });
        await install(await this.ground(), run, (step) => {
          progress.report({ message: titles[step] ?? step });
        });
        return true;
      } catch (error) {
        // Half an environment would be found and started the next time.
        await rm(this.folder, { recursive: true, force: true });
        if (!token.isCancellationRequested) {
          this.log.error(String(error));
          await this.failed(error instanceof Error ? error.message : String(error));
        }
        return false;
      }
    });
  }

  private async ground(): Promise<Ground> {
    const wheels = path.join(this.context.extensionPath, 'wheels');
    const { version } = this.context.extension.packageJSON as { version: string };
    return {
      folder: this.folder,
      wheels: (await stat(wheels).catch(() => undefined))?.isDirectory() === true ? wheels : undefined,
      version,
      windows: process.platform === 'win32',
    };
  }

  private async failed(why: string): Promise<void> {
    const log = vscode.l10n.t('Show Log');
    const message = vscode.l10n.t('The cachewise server could not be installed: {0}', why.split('\n').at(-1) ?? '');
    if ((await vscode.window.showErrorMessage(message, log)) === log) {
      this.log.show();
    }
  }
}

