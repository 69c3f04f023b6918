/** The item in the status bar: shows what `text.ts` makes of the state. */

import * as vscode from 'vscode';
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
    private readonly hover: (known: Known) => vscode.MarkdownString,
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
    this.item.tooltip = this.hover(known);
    this.item.show();
  }

  dispose(): void {
    clearInterval(this.timer);
    this.item.dispose();
  }
}
