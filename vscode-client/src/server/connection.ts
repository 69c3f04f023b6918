/**
 * A running server as the rest of the extension sees it. Types only: the language client behind it is loaded when a
 * server starts, so that it costs nothing before.
 */

import type * as vscode from 'vscode';
import type { Answering } from '../ghost/growth';
import type { Grown, Status } from '../protocol';

/** A program to run. */
export interface Launch {
  command: string;
  args: string[];
  env: NodeJS.ProcessEnv;
  cwd: string;
}

/** A piece of an answer. The first one may only name the document. */
export interface Piece {
  text: string;
  seq: number;
  /** The URI of the virtual document that shows the answer. */
  document?: string;
}

export interface Connection {
  /** Runs one of the server's commands. Rejects with the server's sentence. */
  command<T>(name: string, argument: object | undefined, cancel?: vscode.CancellationToken): Promise<T>;
  /** Takes the pieces that come under a token until it is disposed of. */
  onPiece(token: string, take: (piece: Piece) => void): vscode.Disposable;
  /** Suggestions, as when the editor asks for them. */
  suggest: Answering;
  /** Has the editor fetch a virtual document again. */
  contentChanged(uri: vscode.Uri): void;
  /** Lets the server ask for the settings again. */
  settingsChanged(): Promise<void>;
  /** Ends the server; a server that does not end is killed. */
  stop(): Promise<void>;
}

/** What the owner of a connection wants to know and to decide. */
export interface Owner {
  log: vscode.LogOutputChannel;
  languages: vscode.DocumentSelector;
  /** The settings that the user made, as the server's section. */
  settings(): object;
  onStatus(status: Status): void;
  onGrown(grown: Grown): void;
  /** The server is gone without having been asked to go. */
  onGone(): void;
  /** A command of the server's own making, from a code action or a lens. */
  onCommand(name: string, argument: unknown, next: () => PromiseLike<unknown>): Promise<unknown>;
  suggest: Suggest;
  /** The text of a virtual document; `next` asks the server. */
  content(uri: vscode.Uri, next: () => PromiseLike<string | null | undefined>): Promise<string>;
  /** Shows a virtual document that the server wants shown. */
  show(uri: vscode.Uri): Promise<void>;
}

export type Suggest = (
  document: vscode.TextDocument,
  position: vscode.Position,
  context: vscode.InlineCompletionContext,
  token: vscode.CancellationToken,
  next: () => Promise<vscode.InlineCompletionItem[]>,
) => Promise<vscode.InlineCompletionItem[]>;
