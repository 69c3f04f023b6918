/** The usage view, for now as the server's plain figures. */

import * as vscode from 'vscode';
import type { UsageReport } from '../protocol';

export function showUsage(_: vscode.ExtensionContext, fetch: () => Promise<UsageReport>): void {
  void fetch().then(async (report) => {
    const content = JSON.stringify(report, undefined, 2);
    await vscode.window.showTextDocument(await vscode.workspace.openTextDocument({ language: 'json', content }));
  });
}
