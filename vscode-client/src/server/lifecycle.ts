/**
 * The one server of a window: found, started, started again when it dies, and ended. Starts and stops run one after the
 * other, and of several wishes to restart that wait only one is carried out.
 *
 * Not here: what is done with its messages (the `Owner`), and showing the state (`status/`).
 */

import * as vscode from 'vscode';
import type { Life } from '../status/text';
import { Backoff } from './backoff';
import type { Connection, Launch, Owner } from './connection';

/** A start that can't be: one sentence for people. */
export class CannotStart extends Error {
  constructor(
    message: string,
    readonly life: 'missing' | 'down' = 'down',
  ) {
    super(message);
  }
}

export class Lifecycle implements vscode.Disposable {
  private readonly changed = new vscode.EventEmitter<void>();
  /** After each change of `life`. */
  readonly onChange = this.changed.event;
  private readonly backoff = new Backoff();
  private connection: Connection | undefined;
  private current: Promise<void> = Promise.resolve();
  private waiting: Promise<void> | undefined;
  private timer: NodeJS.Timeout | undefined;
  private ended = false;
  private state: Life = 'off';
  private why = '';

  constructor(
    private readonly launch: () => Promise<Launch>,
    private readonly connect: (launch: Launch, owner: Owner) => Promise<Connection>,
    private readonly owner: Owner,
  ) {}

  get life(): Life {
    return this.state;
  }

  /** Why there is no server, for people; empty where there is one. */
  get reason(): string {
    return this.why;
  }

  /** The running server, waiting for a start that is under way. Undefined where there is none. */
  async server(): Promise<Connection | undefined> {
    await this.current;
    return this.connection;
  }

  /** The running server, if there is one at this moment. */
  get running(): Connection | undefined {
    return this.connection;
  }

  /** Starts the server anew because the user or a setting asked for it. */
  restart(): Promise<void> {
    this.backoff.forget();
    return this.queue();
  }

  /** Shows that something is done about a missing server. */
  show(life: Life): void {
    this.set(life, '');
  }

  async dispose(): Promise<void> {
    this.ended = true;
    clearTimeout(this.timer);
    await this.current;
    await this.end();
    this.changed.dispose();
  }

  /** The owner's `onGone` leads here. What dies while it starts is seen to in `run`. */
  gone(): void {
    if (this.connection === undefined || this.ended) {
      return;
    }
    this.connection = undefined;
    this.again(vscode.l10n.t('The cachewise server ended and is started again.'));
  }

  private again(why: string): void {
    const delay = this.backoff.next(Date.now());
    if (delay === undefined) {
      this.set('down', vscode.l10n.t('{0} That was too often, so it stays down.', why));
      return;
    }
    this.set('restarting', why);
    this.owner.log.warn(`${why} It is started again in ${delay} ms.`);
    clearTimeout(this.timer);
    this.timer = setTimeout(() => void this.queue(), delay);
  }

  private queue(): Promise<void> {
    clearTimeout(this.timer);
    this.waiting ??= this.current.then(() => {
      this.waiting = undefined;
      this.current = this.run();
      return this.current;
    });
    return this.waiting;
  }

  private async run(): Promise<void> {
    await this.end();
    if (this.ended) {
      return;
    }
    this.set('starting', '');
    try {
      this.connection = await this.connect(await this.launch(), this.owner);
      this.set('running', '');
    } catch (error) {
      const sentence = error instanceof Error ? error.message : String(error);
      this.owner.log.error(sentence);
      if (error instanceof CannotStart) {
        this.set(error.life, sentence);
      } else {
        this.again(vscode.l10n.t('The cachewise server did not start: {0}', sentence));
      }
    }
  }

  private async end(): Promise<void> {
    const { connection } = this;
    this.connection = undefined;
    try {
      await connection?.stop();
    } catch (error) {
      this.owner.log.warn(`The server did not end in order: ${String(error)}`);
    }
  }

  private set(life: Life, why: string): void {
    this.state = life;
    this.why = why;
    if (!this.ended) {
      this.changed.fire();
    }
  }
}
