/** The item in the status bar: shows what `text.ts` makes of the state. */

import * as vscode from 'vscode';
import type { Lifecycle } from '../server/lifecycle';
import type { Readings } from './readings';
import { plain, table } from './table';
import { face, type Known } from './text';

const COLOURS = {
  warning: new vscode.ThemeColor('statusBarItem.warningBackground'),
  error: new vscode.ThemeColor('statusBarItem.errorBackground'),
};
/** Milliseconds; the item tells whole minutes. */
const TICK = 20_000;

export class StatusItem implements vscode.Disposable {
  private readonly item = vscode.window.createStatusBarItem('cachewise.cost', vscode.StatusBarAlignment.Right, 100);
  private readonly timer: NodeJS.Timeout;

  constructor(
    private readonly known: () => Known,
    private readonly hover: () => vscode.MarkdownString,
  ) {
    this.item.name = 'cachewise';
    this.item.command = 'cachewise.menu';
    this.timer = setInterval(() => {
      this.update();
    }, TICK);
    this.update();
  }

  update(): void {
    const known = this.known();
    const shown = face(known);
    if (shown === undefined) {
      this.item.hide();
      return;
    }
    this.item.text = shown.text;
    this.item.accessibilityInformation = { label: shown.spoken };
    this.item.backgroundColor = shown.colour && COLOURS[shown.colour];
    this.item.tooltip = this.hover();
    this.item.show();
  }

  dispose(): void {
    clearInterval(this.timer);
    this.item.dispose();
  }
}

/** The hover: the table, or why there is none; below it the fixed links. */
export function hoverOf(lifecycle: Lifecycle, { status, session, byFeature, miss }: Readings): vscode.MarkdownString {
  const { t } = vscode.l10n;
  const hover = new vscode.MarkdownString('', true);
  if (lifecycle.reason !== '') {
    hover.appendMarkdown(`$(warning) ${plain(lifecycle.reason)}\n\n`);
  }
  if (status !== undefined && session !== undefined) {
    hover.appendMarkdown(table({ status, session, byFeature, miss, t }));
  }
  const links = [
    `[${t('Show usage')}](command:cachewise.showUsage)`,
    `[${t('Settings')}](command:cachewise.openSettings)`,
    `[${t('Log')}](command:cachewise.showLog)`,
  ];
  hover.appendMarkdown(`\n\n${links.join(' · ')}`);
  hover.isTrusted = {
    enabledCommands: ['cachewise.showUsage', 'cachewise.openSettings', 'cachewise.showLog'],
  };
  return hover;
}
