/**
 * The composition root: builds the parts and ties them together. Nothing here waits: the server starts behind the
 * editor's own start, and the language client is loaded only then.
 */

import * as vscode from 'vscode';
import { Answers } from './answers/answers';
import { Contents } from './answers/content';
import { FirstPage } from './answers/first_page';
import { refreshIn, subjectIn } from './answers/place';
import { current, onClosed, SCHEME, show } from './answers/preview';
import { registerCommands } from './commands';
import { writeDocumentation } from './document';
import { Asking, Growth } from './ghost/growth';
import { Pause } from './ghost/pause';
import { suggester } from './ghost/suggest';
import { SignIn } from './keys/sign_in';
import { Keys } from './keys/store';
import type { UsageReport } from './protocol';
import type { Owner } from './server/connection';
import { Lifecycle } from './server/lifecycle';
import { Installation } from './server/offer_install';
import { launch, searchPath } from './server/start';
import { section, serverPath, serverSettings, statusLevel } from './settings';
import { hoverOf, StatusItem } from './status/item';
import { Readings } from './status/readings';

/** Files, buffers that are not saved yet, and the cells of notebooks; on the machine that the extension runs on. */
const LANGUAGES = [{ scheme: 'file' }, { scheme: 'untitled' }, { scheme: 'vscode-notebook-cell' }];

/** What tests in the extension host may look at. */
export interface Api {
  readonly readings: Readings;
  readonly lifecycle: Lifecycle;
}

export function activate(context: vscode.ExtensionContext): Api {
  const log = vscode.window.createOutputChannel('cachewise', { log: true });
  const settings = serverSettings(context.extension.packageJSON);
  const keys = new Keys(context.secrets);
  const contents = new Contents();
  const firstPage = new FirstPage();
  const pause = new Pause(context.globalState);
  const asking = new Asking(context.extension.id, async (...request) => lifecycle.running?.suggest(...request) ?? []);
  const growth = new Growth((grown) => {
    asking.show(grown);
  });
  const installation = new Installation(context, log, searchPath);
  const signIn = new SignIn(keys, context.extension.id, log);
  const update = (): void => {
    item.update();
  };
  const usage = async (): Promise<UsageReport> => {
    const server = await lifecycle.server();
    if (server === undefined) {
      throw new Error(lifecycle.reason || vscode.l10n.t('The cachewise server does not run.'));
    }
    return readings.whole(await server.command<UsageReport>('cachewise.usage', undefined));
  };
  const readings = new Readings(async () => (lifecycle.running ? usage() : undefined), update);
  const owner: Owner = {
    log,
    languages: LANGUAGES,
    settings: () => section(settings),
    onStatus: (status) => {
      readings.take(status);
    },
    onGrown: (grown) => {
      growth.grew(grown);
    },
    onGone: () => {
      lifecycle.gone();
    },
    onCommand: async (name, argument, next) => {
      const subject = subjectIn(argument);
      if (subject !== undefined && (name === 'cachewise.explain' || name === 'cachewise.ask')) {
        return answers.ask(subject, { refresh: refreshIn(argument) });
      }
      if (subject !== undefined && name === 'cachewise.document') {
        return writeDocumentation(await lifecycle.server(), subject);
      }
      return next();
    },
    suggest: suggester((document) => pause.paused(document.languageId), log),
    content: (uri, next) => contents.of(uri.toString(), next),
    show,
  };
  const lifecycle = new Lifecycle(
    () => launch(installation.folder, keys, log),
    async (program, its) => (await import('./client.js')).connect(program, its),
    owner,
  );
  const answers = new Answers(() => lifecycle.server(), (uri) => show(vscode.Uri.parse(uri)));
  const known = () => ({
    life: lifecycle.life,
    status: readings.status,
    session: readings.session,
    paused: pause.paused(vscode.window.activeTextEditor?.document.languageId),
    streaming: answers.streaming,
    level: statusLevel(),
    now: new Date(),
    t: vscode.l10n.t,
  });
  let program = serverPath();
  const item = new StatusItem(known, () => hoverOf(lifecycle, readings));

  context.subscriptions.push(
    log,
    firstPage,
    pause,
    growth,
    asking,
    readings,
    answers,
    item,
    lifecycle,
    registerCommands({ context, log, lifecycle, installation, answers, pause, keys, signIn, readings, usage }),
    vscode.window.registerUriHandler(signIn),
    lifecycle.onChange(() => {
      if (lifecycle.running === undefined) {
        readings.over();
      }
      update();
    }),
    pause.onChange(update),
    answers.onChange(() => {
      update();
      setContexts(answers);
    }),
    onClosed((uri) => {
      answers.closed(uri);
    }),
    vscode.workspace.onDidOpenTextDocument(({ uri }) => {
      // The editor overlooks what changed between its fetching of a document and its opening it.
      if (uri.scheme === SCHEME) {
        lifecycle.running?.contentChanged(uri);
      }
    }),
    vscode.workspace.onDidChangeTextDocument(({ document }) => {
      if (document.uri.scheme === SCHEME) {
        firstPage.changed();
      }
    }),
    vscode.window.tabGroups.onDidChangeTabs(() => {
      setContexts(answers);
    }),
    vscode.window.onDidChangeActiveTextEditor(update),
    keys.onChange(() => void lifecycle.restart()),
    vscode.workspace.onDidGrantWorkspaceTrust(() => void lifecycle.restart()),
    vscode.workspace.onDidChangeConfiguration((event) => {
      // What a folder says of the program has no weight, so it restarts nothing either.
      if (event.affectsConfiguration('cachewise.server.path') && program !== serverPath()) {
        program = serverPath();
        void lifecycle.restart();
      } else if (event.affectsConfiguration('cachewise')) {
        void lifecycle.running?.settingsChanged();
        update();
      }
    }),
  );
  void lifecycle.restart().then(async () => {
    if (lifecycle.life === 'missing' && (await installation.offer())) {
      await lifecycle.restart();
    }
  });
  return { readings, lifecycle };
}

/** What the buttons of an answer's title bar depend on. */
function setContexts(answers: Answers): void {
  const uri = current();
  const set = (name: string, value: boolean): void => {
    void vscode.commands.executeCommand('setContext', `cachewise.${name}`, value);
  };
  set('answer', uri?.startsWith(`${SCHEME}:`) === true);
  set('answerKnown', answers.page(uri) !== undefined);
  set('answerStreams', answers.page(uri)?.stop !== undefined);
}
