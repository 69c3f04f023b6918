import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Alternatives, KEPT, MOST, type Spot } from '../../src/ghost/alternatives';
import { Growth, PACE, type Step } from '../../src/ghost/growth';
import { suggester } from '../../src/ghost/suggest';
import type { Grown } from '../../src/protocol';
import { InlineCompletionItem, InlineCompletionTriggerKind, Range } from './vscode';

const SPOT: Spot = { uri: 'file:///a.py', line: 3, head: '    ', typed: '' };

describe('alternatives', () => {
  it('offer the first line of several', () => {
    expect(new Alternatives().beside(SPOT, 'a = 1\nb = 2')).toEqual(['a = 1']);
    expect(new Alternatives().beside(SPOT, 'a = 1\r\nb = 2')).toEqual(['a = 1']);
  });

  it.each([
    ['one line', 'a = 1', ''],
    ['an empty first line', '\nb = 2', ''],
    ['a first line that was typed already', 'a = 1\nb = 2', 'a = 1'],
  ])('are none for %s', (_, text, typed) => {
    expect(new Alternatives().beside({ ...SPOT, typed }, text)).toEqual([]);
  });

  it('remember what was suggested here and still fits, the newest first', () => {
    const alternatives = new Alternatives();
    for (const text of ['return a', 'raise b', 'return c']) {
      alternatives.note(SPOT, text);
    }
    expect(alternatives.beside(SPOT, 'return c')).toEqual(['raise b', 'return a']);
    expect(alternatives.beside({ ...SPOT, typed: 're' }, 'return c')).toEqual(['return a']);
    expect(alternatives.beside({ ...SPOT, line: 4 }, 'x')).toEqual([]);
    expect(alternatives.beside({ ...SPOT, head: '' }, 'x')).toEqual([]);
  });

  it('take a suggestion that grew for one', () => {
    const alternatives = new Alternatives();
    alternatives.note(SPOT, 'a = 1');
    alternatives.note(SPOT, 'a = 1\nb = 2');
    alternatives.note(SPOT, 'other');
    expect(alternatives.beside(SPOT, 'other')).toEqual(['a = 1\nb = 2']);
  });

  it('are few, and do not pile up', () => {
    const alternatives = new Alternatives();
    for (let number = 0; number < 2 * KEPT; number += 1) {
      alternatives.note(SPOT, `x${number}.`);
    }
    expect(alternatives.beside(SPOT, 'y')).toHaveLength(MOST);
    alternatives.forget(SPOT.uri);
    expect(alternatives.beside(SPOT, 'y')).toEqual([]);
  });
});

describe('suggesting', () => {
  const debug = vi.fn();
  const document = {
    uri: { toString: () => 'file:///a.py' },
    languageId: 'python',
    lineAt: () => ({ text: '    re' }),
    getText: () => 're',
  };
  const range = new Range({ line: 0, character: 4 }, { line: 0, character: 6 });
  const item = new InlineCompletionItem('return 1\nmore', range, { command: 'cachewise.accepted', arguments: ['id', 13] });
  const automatic = { triggerKind: InlineCompletionTriggerKind.Automatic };
  const invoked = { triggerKind: InlineCompletionTriggerKind.Invoke };
  const live = { isCancellationRequested: false };

  /** Asks as the language client does. */
  function ask(
    next: () => Promise<InlineCompletionItem[]>,
    { context = automatic, token = live, paused = false } = {},
  ): Promise<InlineCompletionItem[]> {
    const suggest = suggester(() => paused, { debug } as never);
    return suggest(document as never, {} as never, context as never, token as never, next as never) as never;
  }

  beforeEach(() => {
    debug.mockClear();
  });

  it('gives the suggestion and, beside it, its first line', async () => {
    const shown = await ask(() => Promise.resolve([item]));
    expect(shown.map((one) => one.insertText)).toEqual(['return 1\nmore', 'return 1']);
    expect(shown[1]?.command?.arguments).toEqual(['id', 8]);
    expect(shown[1]?.range).toBe(range);
  });

  it('asks nothing while suggestions pause, but by hand', async () => {
    const next = vi.fn(() => Promise.resolve([item]));
    expect(await ask(next, { paused: true })).toEqual([]);
    expect(next).not.toHaveBeenCalled();
    expect(await ask(next, { paused: true, context: invoked })).toHaveLength(2);
  });

  it('is quiet about failures', async () => {
    expect(await ask(() => Promise.reject(new Error('upstream 429')))).toEqual([]);
    expect(debug).toHaveBeenCalledOnce();
  });

  it('shows nothing that comes too late', async () => {
    expect(await ask(() => Promise.resolve([item]), { token: { isCancellationRequested: true } })).toEqual([]);
  });

  it('has nothing to add to nothing', async () => {
    expect(await ask(() => Promise.resolve([]))).toEqual([]);
  });
});

describe('growing', () => {
  const grown = (version: number): Grown => ({ uri: 'file:///a.py', version, position: { line: 1, character: 2 } });
  let steps: [number, Step][];
  let growth: Growth;

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    steps = [];
    growth = new Growth(({ version }, step) => steps.push([version, step]));
    return () => {
      growth.dispose();
      vi.useRealTimers();
    };
  });

  it('shows the first growth at once and without a flicker', () => {
    growth.grew(grown(1));
    expect(steps).toEqual([[1, 'ask']]);
  });

  it('gathers further ones, and shows the last', () => {
    growth.grew(grown(1));
    for (let tick = 0; tick < 10; tick += 1) {
      vi.advanceTimersByTime(20);
      growth.grew(grown(1));
    }
    expect(steps).toHaveLength(1);
    vi.advanceTimersByTime(PACE);
    expect(steps).toEqual([
      [1, 'ask'],
      [1, 'hideAndAsk'],
    ]);
  });

  it('begins anew at another place, and forgets the old one', () => {
    growth.grew(grown(1));
    growth.grew(grown(1));
    growth.grew(grown(2));
    vi.advanceTimersByTime(2 * PACE);
    expect(steps).toEqual([
      [1, 'ask'],
      [2, 'ask'],
    ]);
  });
});
