import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Answers } from '../../src/answers/answers';
import { Contents, KEPT } from '../../src/answers/content';
import { askSubjectOf, refreshIn, subjectIn, subjectOf } from '../../src/answers/place';
import { kindOf } from '../../src/answers/trouble';
import type { Connection, Piece } from '../../src/server/connection';
import { ran } from './vscode';

const PAGE = 'cachewise:/explain/1/a.py.md';

/** A server whose answers come when the test says so. */
class Scripted {
  readonly asked: [string, Record<string, unknown>][] = [];
  cancelled: { isCancellationRequested: boolean } | undefined;
  private take: (piece: Piece) => void = () => undefined;
  private settle: { resolve: (value: unknown) => void; reject: (error: unknown) => void } | undefined;

  readonly connection = {
    command: (name: string, argument: Record<string, unknown>, cancel: { isCancellationRequested: boolean }) => {
      this.asked.push([name, argument]);
      this.cancelled = cancel;
      return new Promise((resolve, reject) => {
        this.settle = { resolve, reject };
      });
    },
    onPiece: (_: string, take: (piece: Piece) => void) => {
      this.take = take;
      return { dispose: () => (this.take = () => undefined) };
    },
  } as unknown as Connection;

  send(text: string, document?: string): void {
    this.take({ text, seq: 0, ...(document === undefined ? {} : { document }) });
  }

  end(error?: unknown): void {
    if (error === undefined) {
      this.settle?.resolve({ text: 'whole' });
    } else {
      this.settle?.reject(error);
    }
  }
}

describe('answers', () => {
  const subject = { uri: 'file:///a.py', position: { line: 1, character: 2 } };
  let server: Scripted;
  let answers: Answers;
  const show = vi.fn(() => Promise.resolve());

  beforeEach(() => {
    server = new Scripted();
    show.mockClear();
    answers = new Answers(() => Promise.resolve(server.connection), show);
    return () => {
      answers.dispose();
    };
  });

  /** Asks, and lets the server name the document; ends with the answer. */
  async function begun(): Promise<unknown> {
    const asked = answers.ask(subject);
    await vi.waitFor(() => {
      expect(server.asked).toHaveLength(1);
    });
    server.send('', PAGE);
    return asked;
  }

  it('are shown as soon as the server names their document', async () => {
    const asked = answers.ask(subject);
    await vi.waitFor(() => {
      expect(server.asked).toHaveLength(1);
    });
    expect(server.asked[0]).toEqual(['cachewise.explain', expect.objectContaining({ ...subject, document: true })]);
    expect(show).not.toHaveBeenCalled();
    server.send('', PAGE);
    expect(show).toHaveBeenCalledWith(PAGE);
    expect(answers.streaming).toBe(true);
    server.send('It ');
    server.send('adds.');
    expect(answers.page(PAGE)?.text).toBe('It adds.');
    server.end();
    await asked;
    expect(answers.streaming).toBe(false);
    expect(answers.page(PAGE)?.stop).toBeUndefined();
  });

  it('are stopped by hand, and when their document is closed', async () => {
    const asked = begun();
    await vi.waitFor(() => {
      expect(answers.page(PAGE)?.stop).toBeDefined();
    });
    answers.closed(PAGE);
    expect(server.cancelled?.isCancellationRequested).toBe(true);
    expect(answers.page(PAGE)).toBeUndefined();
    server.end(new Error('cancelled'));
    await asked;
  });

  it('go into the same document when they are asked for again or further', async () => {
    const asked = begun();
    await vi.waitFor(() => {
      expect(answers.page(PAGE)).toBeDefined();
    });
    server.end();
    await asked;
    const fresh = answers.refresh(PAGE);
    await vi.waitFor(() => {
      expect(server.asked).toHaveLength(2);
    });
    expect(server.asked[1]?.[1]).toMatchObject({ document: PAGE, refresh: true });
    server.end();
    await fresh;
    const further = answers.followUp(PAGE, 'Why?');
    await vi.waitFor(() => {
      expect(server.asked).toHaveLength(3);
    });
    expect(server.asked[2]).toEqual([
      'cachewise.ask',
      expect.objectContaining({ ...subject, document: PAGE, question: 'Why?', refresh: false }),
    ]);
    server.end();
    await further;
  });

  it('end quietly where the provider fails', async () => {
    const asked = begun();
    await vi.waitFor(() => {
      expect(answers.streaming).toBe(true);
    });
    server.end(Object.assign(new Error('The provider is down.'), { data: { kind: 'server' } }));
    expect(await asked).toBeUndefined();
    expect(answers.streaming).toBe(false);
  });

  it('say so where there is no server', async () => {
    const without = new Answers(() => Promise.resolve(undefined), show);
    expect(await without.ask(subject)).toBeUndefined();
    expect(ran.at(-1)).toEqual(['cachewise.noServer']);
    without.dispose();
  });
});

describe('documents', () => {
  it('stay readable when their server is gone', async () => {
    const contents = new Contents();
    expect(await contents.of(PAGE, () => Promise.resolve('text'))).toBe('text');
    expect(await contents.of(PAGE, () => Promise.reject(new Error('gone')))).toBe('text');
    expect(await contents.of(PAGE, () => Promise.resolve(null))).toBe('text');
    expect(await contents.of('cachewise:/other.md', () => Promise.resolve(undefined))).toMatch(/no longer there/);
  });

  it('do not pile up', async () => {
    const contents = new Contents();
    for (let number = 0; number <= KEPT; number += 1) {
      await contents.of(`cachewise:/${number}.md`, () => Promise.resolve(`${number}`));
    }
    const gone = (): Promise<string> => Promise.reject(new Error('gone'));
    expect(await contents.of('cachewise:/0.md', gone)).toMatch(/no longer there/);
    expect(await contents.of('cachewise:/1.md', gone)).toBe('1');
  });
});

describe('what a question is about', () => {
  const at = (line: number, character: number): object => ({ line, character });
  const editor = (isEmpty: boolean): never =>
    ({
      document: { uri: { toString: () => 'file:///a.py' } },
      selection: { isEmpty, active: at(1, 2), start: at(1, 2), end: at(3, 4) },
    }) as never;
  const range = { start: at(1, 2), end: at(3, 4) };

  it('is the selection, or the place of the cursor', () => {
    expect(subjectOf(editor(false))).toEqual({ uri: 'file:///a.py', range });
    expect(subjectOf(editor(true))).toEqual({ uri: 'file:///a.py', position: at(1, 2) });
  });

  it('is the whole file where somebody asks without a selection', () => {
    expect(askSubjectOf(editor(true))).toEqual({ uri: 'file:///a.py' });
    expect(askSubjectOf(editor(false))).toEqual({ uri: 'file:///a.py', range });
  });

  it.each([
    ['of a code action', { uri: 'file:///a.py', range, show: true }, { uri: 'file:///a.py', range }],
    ['of a problem', { uri: 'u', question: 'Why?', show: true }, { uri: 'u', question: 'Why?' }],
    ['without a document', { range }, undefined],
    ['that is nothing', null, undefined],
    ['that is a list', [], undefined],
  ])('is read from an argument %s', (_, argument, wanted) => {
    expect(subjectIn(argument)).toEqual(wanted);
  });

  it.each([
    ['a code action that asks again', { uri: 'u', refresh: true }, true],
    ['another one', { uri: 'u' }, false],
    ['no flag', { uri: 'u', refresh: 'yes' }, false],
    ['nothing', null, false],
  ])('is asked anew for %s', (_, argument, wanted) => {
    expect(refreshIn(argument)).toBe(wanted);
  });
});

describe('failures', () => {
  it.each([
    [{ data: { kind: 'noKey' } }, 'noKey'],
    [{ data: { kind: 7 } }, undefined],
    [{ data: null }, undefined],
    [new Error('x'), undefined],
    ['text', undefined],
    [null, undefined],
  ])('%j is of the kind %s', (error, kind) => {
    expect(kindOf(error)).toBe(kind);
  });
});
