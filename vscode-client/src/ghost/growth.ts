/**
 * Letting ghost text grow while it streams, without a flicker.
 *
 * VS Code asks again only when it is told to. Told in the usual way, it keeps in front what it shows, and it takes an
 * asking of the same providers at the same place for one that it has made already. So each growth comes with a provider
 * of its own, and the editor is told to ask that one: it then shows the answer in place of the shorter text. (Read in
 * the `trigger` action and in `UpdateRequest.satisfies` of VS Code 1.139; a test in the editor holds it.) Older ones do
 * not know how to ask one provider; there the text is hidden for a moment.
 */

import * as vscode from 'vscode';
import type { Grown } from '../protocol';

/** Milliseconds between two growths that are shown. */
export const PACE = 100;

/** Decides when growths are shown. Pure but for its timer. */
export class Growth {
  private last = -Infinity;
  private timer: NodeJS.Timeout | undefined;

  constructor(
    private readonly show: (grown: Grown) => void,
    private readonly now: () => number = Date.now,
  ) {}

  /** The suggestion at a place is longer. The newest growth is always shown, those before it where there is time. */
  grew(grown: Grown): void {
    clearTimeout(this.timer);
    const wait = this.last + PACE - this.now();
    if (wait <= 0) {
      this.step(grown);
    } else {
      this.timer = setTimeout(() => {
        this.step(grown);
      }, wait);
    }
  }

  dispose(): void {
    clearTimeout(this.timer);
  }

  private step(grown: Grown): void {
    this.last = this.now();
    this.show(grown);
  }
}

/** What a request for suggestions is answered with. */
export type Answering = (
  document: vscode.TextDocument,
  position: vscode.Position,
  context: vscode.InlineCompletionContext,
  token: vscode.CancellationToken,
) => Promise<vscode.InlineCompletionItem[]>;

/** The first minor version of VS Code 1 that was seen to ask one provider. */
const ASKS_ONE = 139;

/** Makes the editor ask again where the user still is at the place of a growth. */
export class Asking implements vscode.Disposable {
  private provider: vscode.Disposable | undefined;

  constructor(
    private readonly id: string,
    private readonly answer: Answering,
  ) {}

  show(grown: Grown): void {
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
    if (Number(vscode.version.split('.')[1]) < ASKS_ONE) {
      void (async () => {
        await vscode.commands.executeCommand('editor.action.inlineSuggest.hide');
        await vscode.commands.executeCommand('editor.action.inlineSuggest.trigger');
      })();
      return;
    }
    const before = this.provider;
    const { scheme } = editor.document.uri;
    this.provider = vscode.languages.registerInlineCompletionItemProvider(
      { scheme, language: editor.document.languageId },
      this.once(grown),
    );
    before?.dispose();
    const its = { providerId: `${this.id}:*`, explicit: false };
    void vscode.commands.executeCommand('editor.action.inlineSuggest.trigger', its);
  }

  dispose(): void {
    this.provider?.dispose();
  }

  /** A provider that answers once. What is typed later is for the language client's own one. */
  private once(grown: Grown): vscode.InlineCompletionItemProvider {
    let answered = false;
    return {
      provideInlineCompletionItems: async (document, position, context, token) => {
        if (answered || document.version !== grown.version) {
          return [];
        }
        answered = true;
        return (await this.answer(document, position, context, token)).slice(0, 1);
      },
    };
  }
}
