/**
 * The text of the virtual documents. What was shown stays readable when the server that wrote it is gone; a document
 * that an earlier window had open says so.
 */

import * as vscode from 'vscode';

/** Documents whose text is kept, as many as the server keeps. */
export const KEPT = 32;

export class Contents {
  private readonly texts = new Map<string, string>();

  /** The text that `next` fetches, or else the last one that it did. */
  async of(uri: string, next: () => PromiseLike<string | null | undefined>): Promise<string> {
    try {
      const text = await next();
      if (typeof text === 'string') {
        this.keep(uri, text);
        return text;
      }
    } catch {
      // The server was started again since, and knows nothing of its document; or it is ending just now.
    }
    return this.texts.get(uri) ?? vscode.l10n.t('This explanation is no longer there. Ask again to get a new one.');
  }

  private keep(uri: string, text: string): void {
    this.texts.delete(uri);
    this.texts.set(uri, text);
    for (const oldest of this.texts.keys()) {
      if (this.texts.size <= KEPT) {
        break;
      }
      this.texts.delete(oldest);
    }
  }
}
