/**
 * The language client: one process of the server, spoken to over standard input and output. Bundled by itself and
 * loaded when the first server starts.
 *
 * Failures of the server's features are quiet here; the status tells them. Not here: which program to run (`find.ts`)
 * and what to do when it ends (`lifecycle.ts`).
 */

import * as vscode from 'vscode';
import {
  type ApplyWorkspaceEditResult,
  CloseAction,
  ErrorAction,
  DidChangeConfigurationNotification,
  ExecuteCommandRequest,
  InlineCompletionRequest,
  LanguageClient,
  type LanguageClientOptions,
  NotificationType,
  ProgressType,
  RevealOutputChannelOn,
  TextDocumentContentRequest,
  TransportKind,
} from 'vscode-languageclient/node';
import type { Grown, Status } from '../protocol';
import { handedOver, toConfirm } from './confirm';
import type { Connection, Launch, Owner, Piece } from './connection';

const STATUS = new NotificationType<Status>('cachewise/status');
const GREW = new NotificationType<Grown>('cachewise/completionGrew');
const PIECES = new ProgressType<Piece>();
const NONE = new vscode.CancellationTokenSource().token;
/** Milliseconds that a server gets to end; it needs a second at most. */
const STOP_DEADLINE = 3000;

/** Starts a server and waits until it is initialized. */
export async function connect(launch: Launch, owner: Owner): Promise<Connection> {
  const client = new LanguageClient(
    'cachewise',
    'cachewise',
    {
      command: launch.command,
      args: launch.args,
      transport: TransportKind.stdio,
      options: { env: launch.env, cwd: launch.cwd },
    },
    options(owner),
  );
  client.onNotification(STATUS, (status) => {
    owner.onStatus(status);
  });
  client.onNotification(GREW, (grown) => {
    owner.onGrown(grown);
  });
  await client.start();
  return {
    command: async <T>(command: string, argument: object | undefined, cancel?: vscode.CancellationToken) => {
      const params = { command, arguments: argument === undefined ? [] : [argument] };
      return (await client.sendRequest(ExecuteCommandRequest.type, params, cancel)) as T;
    },
    onPiece: (token, take) => client.onProgress(PIECES, token, take),
    suggest: async (document, position, context, token) => {
      const provider = client.getFeature(InlineCompletionRequest.method)?.getProvider(document);
      const found = await provider?.provideInlineCompletionItems(document, position, context, token);
      return Array.isArray(found) ? found : (found?.items ?? []);
    },
    contentChanged: (uri) => {
      const feature = client.getFeature(TextDocumentContentRequest.method);
      for (const { scheme, onDidChangeEmitter } of feature?.getProviders() ?? []) {
        if (scheme === uri.scheme) {
          onDidChangeEmitter.fire(uri);
        }
      }
    },
    settingsChanged: () => client.sendNotification(DidChangeConfigurationNotification.type, { settings: null }),
    stop: () => client.dispose(STOP_DEADLINE),
  };
}

function options(owner: Owner): LanguageClientOptions {
  return {
    documentSelector: owner.languages as never,
    outputChannel: owner.log,
    revealOutputChannelOn: RevealOutputChannelOn.Never,
    initializationOptions: () => owner.settings(),
    initializationFailedHandler: () => false,
    markdown: { isTrusted: false, supportHtml: false },
    errorHandler: {
      error: () => ({ action: ErrorAction.Continue, handled: true }),
      closed: () => {
        owner.onGone();
        return { action: CloseAction.DoNotRestart, handled: true };
      },
    },
    middleware: {
      provideInlineCompletionItems: (document, position, context, token, next) =>
        owner.suggest(document, position, context, token, async () => {
          const found = await next(document, position, context, token);
          return Array.isArray(found) ? found : (found?.items ?? []);
        }),
      executeCommand: (command, args: unknown[], next) => owner.onCommand(command, args[0], () => next(command, args) as PromiseLike<unknown>),
      provideTextDocumentContent: (uri, token, next) => owner.content(uri, async () => next(uri, token)),
      window: {
        showDocument: async (params, _token, next) => {
          const uri = vscode.Uri.parse(params.uri);
          if (uri.scheme !== 'cachewise') {
            return next(params, _token);
          }
          await owner.show(uri);
          return { success: true };
        },
      },
      workspace: {
        // Only what the user set: a default that is sent along would win over the server's own user file.
        handleApplyEdit: (params, next) =>
          handedOver(Promise.resolve(next(toConfirm(params), NONE)) as Promise<ApplyWorkspaceEditResult>),
        configuration: (params) => params.items.map(() => owner.settings()),
      },
    },
  };
}
