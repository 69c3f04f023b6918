/** What a question is about: the selection, or what the cursor is on. */

import type * as vscode from 'vscode';

interface Point {
  line: number;
  character: number;
}

/** The argument of `cachewise.explain` and `cachewise.ask`. */
export interface Subject {
  uri: string;
  range?: { start: Point; end: Point };
  position?: Point;
  question?: string;
}

export function subjectOf(editor: vscode.TextEditor): Subject {
  const { selection, document } = editor;
  const uri = document.uri.toString();
  return selection.isEmpty
    ? { uri, position: point(selection.active) }
    : { uri, range: { start: point(selection.start), end: point(selection.end) } };
}

/** What the user asks about in words: without a selection, the whole file. */
export function askSubjectOf(editor: vscode.TextEditor): Subject {
  const { uri, range } = subjectOf(editor);
  return range === undefined ? { uri } : { uri, range };
}

/** The subject in a command's argument of the server's making; undefined where there is none. */
export function subjectIn(argument: unknown): Subject | undefined {
  if (typeof argument !== 'object' || argument === null || !('uri' in argument) || typeof argument.uri !== 'string') {
    return undefined;
  }
  const { uri, range, position, question } = argument as Subject;
  return {
    uri,
    ...(range === undefined ? {} : { range }),
    ...(position === undefined ? {} : { position }),
    ...(question === undefined ? {} : { question }),
  };
}

/** Whether a command's argument of the server's making asks for a new answer, whatever is stored. */
export function refreshIn(argument: unknown): boolean {
  return typeof argument === 'object' && argument !== null && 'refresh' in argument && argument.refresh === true;
}

function point({ line, character }: vscode.Position): Point {
  return { line, character };
}
