/**
 * Letting ghost text grow while it streams.
 *
 * VS Code asks a provider again only when it is told to, and takes a second asking of the same kind at the same place
 * for the first one. So the first growth is shown by asking "by hand", without any flicker; for later ones the text has
 * to be hidden for a moment, so they are gathered.
 */

import * as vscode from 'vscode';
import type { Grown } from '../protocol';

/** Milliseconds between two later growths; each one flickers. */
export const PACE = 600;

/** What a growth asks of the editor. */
export type Step = 'ask' | 'hideAndAsk';

/** Decides when growths are shown. Pure but for its timer. */
export class Growth {
  private place = '';
  private last = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly show: (grown: Grown, step: Step) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** The suggestion at a place is longer. */
  grew(grown: Grown): void {
    clearTimeout(this.timer);
    const place = `${grown.uri} ${grown.version} ${grown.position.line}:${grown.position.character}`;
    if (place !== this.place) {
      this.place = place;
      this.step(grown, 'ask');
      return;
    }
    const wait = this.last + PACE - this.now();
    this.timer = setTimeout(() => {
      this.step(grown, 'hideAndAsk');
    }, Math.max(wait, 0));
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private step(grown: Grown, step: Step): void {
    this.last = this.now();
    this.show(grown, step);
  }
}

/** Shows a growth where the user still is at its place. */
export function showGrowth(grown: Grown, step: Step): void {
  const editor = vscode.window.activeTextEditor;
  if (
    editor?.document.uri.toString() !== vscode.Uri.parse(grown.uri).toString() ||
    editor.document.version !== grown.version ||
    !editor.selection.isEmpty ||
    editor.selection.active.line !== grown.position.line ||
    editor.selection.active.character !== grown.position.character
  ) {
    return;
  }
  void (async () => {
    if (step === 'hideAndAsk') {
      await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
    }
    await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
  })();
}
