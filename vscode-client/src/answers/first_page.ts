/**
 * The first preview of a window, loaded anew once its answer rests.
 *
 * An answer may be complete while the page that shows it still loads. What the editor is told of the document meanwhile
 * is lost: it passes changes on to a page 200 ms after it began to load, also where the page's script, which the first
 * preview of a window has to fetch, does not listen yet (read in `webview/browser/pre/index.html` of VS Code 1.139; with
 * a script that is made slow the preview showed no more than the heading for ever). Loaded anew, it shows all.
 */

import * as vscode from 'vscode';

/** Milliseconds from a first change until the preview is taken to listen: later changes tell it of everything. */
export const LOADING = 10_000;
/** Milliseconds without a change after which it is loaded anew; the preview itself waits 300 for more changes. */
export const REST = 1_000;

export class FirstPage implements vscode.Disposable {
  private began: number | undefined;
  private done = false;
  private timer: NodeJS.Timeout | undefined;

  constructor(private readonly now: () => number = Date.now) {}

  /** An answer's document has changed in the editor. */
  changed(): void {
    if (this.done) {
      return;
    }
    clearTimeout(this.timer);
    this.began ??= this.now();
    if (this.now() - this.began > LOADING) {
      this.done = true;
      return;
    }
    this.timer = setTimeout(() => {
      this.done = true;
      void vscode.commands.executeCommand('markdown.preview.refresh');
    }, REST);
  }

  dispose(): void {
    this.done = true;
    clearTimeout(this.timer);
  }
}
