/** The commands of the palette, the menus and the keys: a table of small functions. */

import * as vscode from 'vscode';
import type { Answers } from './answers/answers';
import { askSubjectOf, type Subject, subjectOf } from './answers/place';
import { current } from './answers/preview';
import { writeDocumentation } from './document';
import type { Pause } from './ghost/pause';
import { askForKey } from './keys/ask';
import type { SignIn } from './keys/sign_in';
import type { Keys } from './keys/store';
import type { UsageReport } from './protocol';
import type { Lifecycle } from './server/lifecycle';
import type { Installation } from './server/offer_install';
import { chooseBudget, chooseModel, useOffline } from './status/choose';
import type { Readings } from './status/readings';
import { openMenu } from './status/menu';
import { showUsage } from './usage/view';

/** What the commands work with. */
export interface Parts {
  context: vscode.ExtensionContext;
  log: vscode.LogOutputChannel;
  lifecycle: Lifecycle;
  installation: Installation;
  answers: Answers;
  pause: Pause;
  keys: Keys;
  signIn: SignIn;
  readings: Readings;
  usage: () => Promise<UsageReport>;
}

type Action = () => unknown;

/** Registers them all. */
export function registerCommands(parts: Parts): vscode.Disposable {
  const table = { ...questions(parts), ...ofAnswers(parts.answers), ...others(parts) };
  return vscode.Disposable.from(
    ...Object.entries(table).map(([name, action]) => vscode.commands.registerCommand(`cachewise.${name}`, action)),
  );
}

function questions({ answers, lifecycle }: Parts): Record<string, Action> {
  const inEditor = (action: (editor: vscode.TextEditor) => unknown): Action => {
    return () => {
      const editor = vscode.window.activeTextEditor;
      return editor === undefined
        ? void vscode.window.setStatusBarMessage(vscode.l10n.t('cachewise: open a file first'), 5000)
        : action(editor);
    };
  };
  return {
    explainHere: inEditor((editor) => answers.ask(subjectOf(editor))),
    askHere: inEditor(async (editor) => {
      const subject = askSubjectOf(editor);
      const question = await askInWords(
        subject.range === undefined ? vscode.l10n.t('Ask about this file') : vscode.l10n.t('Ask about the selection'),
      );
      return question === undefined ? undefined : answers.ask({ ...subject, question });
    }),
    explainProblem: inEditor((editor) => answers.ask(problemOf(editor))),
    documentHere: inEditor(async (editor) => writeDocumentation(await lifecycle.server(), subjectOf(editor))),
    prewarmHere: inEditor(async (editor) => {
      const title = vscode.l10n.t("Writing the context to the provider's cache");
      await vscode.window.withProgress({ location: vscode.ProgressLocation.Window, title }, async () => {
        try {
          await (await lifecycle.server())?.command('cachewise.prewarm', { uri: editor.document.uri.toString() });
        } catch (error) {
          vscode.window.setStatusBarMessage(error instanceof Error ? error.message : String(error), 10_000);
        }
      });
    }),
  };
}

/** The problem at the cursor as a question; what the cursor is on, where there is none. */
function problemOf(editor: vscode.TextEditor): Subject {
  const { active } = editor.selection;
  const problem = vscode.languages.getDiagnostics(editor.document.uri).find(({ range }) => range.contains(active));
  if (problem === undefined) {
    return subjectOf(editor);
  }
  const { start, end } = problem.range;
  return {
    uri: editor.document.uri.toString(),
    range: {
      start: { line: start.line, character: start.character },
      end: { line: end.line, character: end.character },
    },
    question: `Explain this problem and how to solve it: ${problem.message.slice(0, 500)}`,
  };
}

async function askInWords(title: string): Promise<string | undefined> {
  const question = await vscode.window.showInputBox({ title, ignoreFocusOut: true });
  return question?.trim() === '' ? undefined : question;
}

function ofAnswers(answers: Answers): Record<string, Action> {
  const here = (action: (uri: string) => unknown): Action => {
    return () => {
      const uri = current();
      return uri === undefined ? undefined : action(uri);
    };
  };
  return {
    'answer.stop': here((uri) => {
      answers.stop(uri);
    }),
    'answer.refresh': here((uri) => answers.refresh(uri)),
    'answer.followUp': here(async (uri) => {
      const question = await askInWords(vscode.l10n.t('Ask further'));
      return question === undefined ? undefined : answers.followUp(uri, question);
    }),
    'answer.copy': here(async (uri) => {
      await vscode.env.clipboard.writeText(answers.page(uri)?.text ?? '');
      vscode.window.setStatusBarMessage(vscode.l10n.t('Answer copied'), 3000);
    }),
  };
}

function others(parts: Parts): Record<string, Action> {
  const { context, log, lifecycle, installation, pause, keys, signIn, readings } = parts;
  return {
    menu: () => {
      const id = vscode.window.activeTextEditor?.document.languageId;
      return openMenu({
        life: lifecycle.life,
        reason: lifecycle.reason,
        condition: readings.status?.condition ?? null,
        message: readings.status?.message ?? '',
        paused: pause.all,
        language: id === undefined ? undefined : { id, off: pause.isOff(id) },
      });
    },
    pause: () => {
      pause.toggle();
    },
    toggleLanguage: async () => {
      const id = vscode.window.activeTextEditor?.document.languageId;
      return id === undefined ? undefined : pause.toggleLanguage(id);
    },
    showUsage: () => {
      showUsage(context, parts.usage);
    },
    setKey: () => askForKey(keys),
    signIn: () => signIn.begin(),
    tryOffline: () => useOffline(),
    chooseModel: () => chooseModel(readings.status?.model),
    setBudget: () => chooseBudget(),
    openSettings: () => vscode.commands.executeCommand('workbench.action.openSettings', '@ext:cachewise.cachewise'),
    openWalkthrough: () =>
      vscode.commands.executeCommand('workbench.action.openWalkthrough', 'cachewise.cachewise#start', false),
    showLog: () => {
      log.show();
    },
    restart: () => lifecycle.restart(),
    install: async () => {
      lifecycle.show('installing');
      await installation.install();
      await lifecycle.restart();
    },
    noServer: async () => {
      if (lifecycle.life === 'missing') {
        return void ((await installation.offer()) && (await lifecycle.restart()));
      }
      const again = vscode.l10n.t('Start It Again');
      const showLog = vscode.l10n.t('Show Log');
      const sentence = lifecycle.reason || vscode.l10n.t('The cachewise server does not run.');
      const chosen = await vscode.window.showWarningMessage(sentence, again, showLog);
      if (chosen === again) {
        await lifecycle.restart();
      } else if (chosen === showLog) {
        log.show();
      }
    },
  };
}
