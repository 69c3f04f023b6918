/**
 * Explanations and answers: asked, streamed into a virtual document of the server, stopped, refreshed, asked further.
 *
 * The text itself goes from the server's document to the editor's Markdown preview; here is only which question belongs
 * to which document. Not here: showing it (`preview.ts`), and what goes wrong (`trouble.ts`).
 */

import * as vscode from 'vscode';
import type { Answer } from '../protocol';
import type { Connection } from '../server/connection';
import type { Subject } from './place';
import { offer } from './trouble';

/** A document with answers. */
export interface Page {
  subject: Subject;
  /** The text of the last answer, as far as it is there. */
  text: string;
  /** While an answer streams. */
  stop: vscode.CancellationTokenSource | undefined;
}

/** How a question is put. */
interface Manner {
  /** The document that the answer goes into; a new one without. */
  page?: string;
  refresh?: boolean;
  allowOverBudget?: boolean;
}

export class Answers implements vscode.Disposable {
  private readonly pages = new Map<string, Page>();
  private readonly changed = new vscode.EventEmitter<void>();
  /** After a stream began or ended. */
  readonly onChange = this.changed.event;
  private count = 0;
  private live = 0;

  constructor(
    private readonly server: () => Promise<Connection | undefined>,
    private readonly show: (uri: string) => Promise<void>,
  ) {}

  /** Answers that stream now. */
  get streaming(): boolean {
    return this.live > 0;
  }

  page(uri: string | undefined): Page | undefined {
    return uri === undefined ? undefined : this.pages.get(uri);
  }

  /** Asks, and shows the answer while it comes. Undefined where there is none; the user has been told why. */
  async ask(subject: Subject, manner: Manner = {}): Promise<Answer | undefined> {
    const server = await this.server();
    if (server === undefined) {
      await vscode.commands.executeCommand('cachewise.noServer');
      return undefined;
    }
    const stop = new vscode.CancellationTokenSource();
    const token = `cachewise-vscode-${++this.count}`;
    let page: Page | undefined;
    const listening = server.onPiece(token, (piece) => {
      if (piece.document !== undefined) {
        page = this.begin(piece.document, subject, stop);
      }
      if (page !== undefined) {
        page.text += piece.text;
      }
    });
    this.live += 1;
    this.changed.fire();
    try {
      const command = subject.question === undefined ? 'cachewise.explain' : 'cachewise.ask';
      return await server.command<Answer>(
        command,
        {
          ...subject,
          token,
          document: manner.page ?? true,
          refresh: manner.refresh ?? false,
          allowOverBudget: manner.allowOverBudget ?? false,
        },
        stop.token,
      );
    } catch (error) {
      if (!stop.token.isCancellationRequested) {
        void offer(error, () => this.ask(subject, { ...manner, allowOverBudget: true }));
      }
      return undefined;
    } finally {
      this.live -= 1;
      if (page?.stop === stop) {
        page.stop = undefined;
      }
      listening.dispose();
      stop.dispose();
      this.changed.fire();
    }
  }

  /** Ends the stream into a document. */
  stop(uri: string): void {
    this.pages.get(uri)?.stop?.cancel();
  }

  /** Asks the provider again, whatever is stored; the answer takes the place of the last one. */
  async refresh(uri: string): Promise<void> {
    const page = this.pages.get(uri);
    if (page !== undefined) {
      page.stop?.cancel();
      await this.ask(page.subject, { page: uri, refresh: true });
    }
  }

  /** Asks further; the answer goes below the others. */
  async followUp(uri: string, question: string): Promise<void> {
    const page = this.pages.get(uri);
    if (page !== undefined) {
      await this.ask({ ...page.subject, question }, { page: uri });
    }
  }

  /** The document was closed: what streams into it is stopped, and the question forgotten. */
  closed(uri: string): void {
    this.stop(uri);
    this.pages.delete(uri);
    this.changed.fire();
  }

  dispose(): void {
    for (const page of this.pages.values()) {
      page.stop?.cancel();
    }
    this.changed.dispose();
  }

  private begin(uri: string, subject: Subject, stop: vscode.CancellationTokenSource): Page {
    const page: Page = { subject, text: '', stop };
    this.pages.set(uri, page);
    void this.show(uri);
    this.changed.fire();
    return page;
  }
}
