/** *Write documentation*: the server's edit, shown in the editor's refactor preview before it is made. */

import * as vscode from 'vscode';
import type { Connection } from './server/connection';
import { offer } from './answers/trouble';
import type { Subject } from './answers/place';

export async function writeDocumentation(
  server: Connection | undefined,
  subject: Pick<Subject, 'uri' | 'position' | 'range'>,
): Promise<void> {
  if (server === undefined) {
    await vscode.commands.executeCommand('cachewise.noServer');
    return;
  }
  const progress = {
    location: vscode.ProgressLocation.Window,
    title: vscode.l10n.t('Writing documentation'),
    cancellable: true,
  };
  await vscode.window.withProgress(progress, async (_, token) => {
    const ask = async (allowOverBudget: boolean): Promise<void> => {
      try {
        await server.command('cachewise.document', { ...subject, allowOverBudget }, token);
      } catch (error) {
        if (!token.isCancellationRequested) {
          void offer(error, () => ask(true));
          const why = error instanceof Error ? error.message : String(error);
          vscode.window.setStatusBarMessage(`$(warning) ${why.replaceAll('$(', '$ (')}`, 10_000);
        }
      }
    };
    await ask(false);
  });
}
