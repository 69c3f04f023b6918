/**
 * Showing the server's virtual documents as rendered Markdown beside the code, and which one is looked at.
 *
 * The editor's own Markdown preview renders them, as untrusted text: it highlights code and runs nothing. The buttons
 * stand in its title bar (`editor/title` in the manifest) and follow the contexts that are set here.
 */

import * as vscode from 'vscode';

export const SCHEME = 'cachewise';
/** The Markdown preview as an editor of its own: it tells which document it shows, which the panel does not. */
const PREVIEW = 'vscode.markdown.preview.editor';

/** Opens a document beside the code, where it is not open already. The code keeps the focus. */
export async function show(uri: vscode.Uri): Promise<void> {
  if (tabsOf(uri).length > 0) {
    return;
  }
  const other = vscode.window.tabGroups.all.find((group) => group.tabs.some((tab) => isAnswer(tab)));
  const viewColumn = other?.viewColumn ?? vscode.ViewColumn.Beside;
  await vscode.commands.executeCommand('vscode.openWith', uri, PREVIEW, { viewColumn, preserveFocus: true });
}

/** The answer that is looked at: the active tab, or else the one that is visible beside the code. */
export function current(): string | undefined {
  const { activeTabGroup, all } = vscode.window.tabGroups;
  const tabs = [activeTabGroup, ...all].map((group) => group.activeTab);
  const found = tabs.find((tab) => tab !== undefined && isAnswer(tab));
  return found && uriOf(found)?.toString();
}

/** Calls back when an answer's last tab was closed. */
export function onClosed(closed: (uri: string) => void): vscode.Disposable {
  return vscode.window.tabGroups.onDidChangeTabs((event) => {
    for (const tab of event.closed) {
      const uri = uriOf(tab);
      if (uri?.scheme === SCHEME && tabsOf(uri).length === 0) {
        closed(uri.toString());
      }
    }
  });
}

function isAnswer(tab: vscode.Tab): boolean {
  return uriOf(tab)?.scheme === SCHEME;
}

function uriOf({ input }: vscode.Tab): vscode.Uri | undefined {
  return input instanceof vscode.TabInputCustom || input instanceof vscode.TabInputText ? input.uri : undefined;
}

function tabsOf(uri: vscode.Uri): vscode.Tab[] {
  return vscode.window.tabGroups.all
    .flatMap((group) => group.tabs)
    .filter((tab) => uriOf(tab)?.toString() === uri.toString());
}
