import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Alternatives, KEPT, MOST, type Spot } from '../../src/ghost/alternatives';
import { Asking, Growth, PACE } from '../../src/ghost/growth';
import { suggester } from '../../src/ghost/suggest';
import type { Grown } from '../../src/protocol';
import { InlineCompletionItem, InlineCompletionTriggerKind, providers, ran, Range, setVersion, window } from './vscode';

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

  it.each([
    ['here', document, false, 0],
    ['here, and a suggestion is asked for by hand', document, true, 2],
    ['in another document', {}, false, 2],
  ])('minds what is selected %s', async (_, where, byHand, shown) => {
    window.activeTextEditor = { document: where, selection: { isEmpty: false } };
    const next = vi.fn(() => Promise.resolve([item]));
    expect(await ask(next, { context: byHand ? invoked : automatic })).toHaveLength(shown);
    expect(next).toHaveBeenCalledTimes(shown === 0 ? 0 : 1);
    window.activeTextEditor = { document, selection: { isEmpty: true } };
    expect(await ask(next)).toHaveLength(2);
    window.activeTextEditor = undefined;
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
  let shown: number[];
  let growth: Growth;

  beforeEach(() => {
    vi.useFakeTimers({ now: 0 });
    shown = [];
    growth = new Growth(({ version }) => shown.push(version));
    return () => {
      growth.dispose();
      vi.useRealTimers();
    };
  });

  it('shows the first growth at once', () => {
    growth.grew(grown(1));
    expect(shown).toEqual([1]);
  });

  it('shows further ones at its pace, and always the last', () => {
    for (let version = 1; version <= 20; version += 1) {
      growth.grew(grown(version));
      vi.advanceTimersByTime(PACE / 4);
    }
    vi.advanceTimersByTime(PACE);
    expect(shown[0]).toBe(1);
    expect(shown.at(-1)).toBe(20);
    vi.advanceTimersByTime(2 * PACE);
    growth.grew(grown(21));
    expect(shown.at(-1)).toBe(21);
  });

  it('shows nothing any more once it is disposed of', () => {
    growth.grew(grown(1));
    growth.grew(grown(2));
    growth.dispose();
    vi.advanceTimersByTime(2 * PACE);
    expect(shown).toEqual([1]);
  });
});

describe('asking again', () => {
  const grown: Grown = { uri: 'file:///a.py', version: 4, position: { line: 1, character: 2 } };
  const document = { uri: { toString: () => 'file:///a.py', scheme: 'file' }, version: 4, languageId: 'python' };
  const trigger = 'editor.action.inlineSuggest.trigger';
  const answer = vi.fn(() => Promise.resolve([new InlineCompletionItem('whole'), new InlineCompletionItem('part')]));
  let asking: Asking;

  /** Puts the user at a place of a document. */
  function at(line: number, character: number, given: object = {}, isEmpty = true): void {
    window.activeTextEditor = {
      document: { ...document, ...given },
      selection: { isEmpty, active: { line, character } },
    };
  }

  beforeEach(() => {
    ran.length = 0;
    answer.mockClear();
    asking = new Asking('cachewise.cachewise', answer as never);
    at(1, 2);
    return () => {
      asking.dispose();
      expect(providers.size).toBe(0);
    };
  });

  it('asks a provider of its own, which answers once and with the grown text alone', async () => {
    asking.show(grown);
    expect(ran).toEqual([[trigger, { providerId: 'cachewise.cachewise:*', explicit: false }]]);
    const [provider] = providers;
    expect(await provider?.provideInlineCompletionItems(document)).toEqual([new InlineCompletionItem('whole')]);
    expect(await provider?.provideInlineCompletionItems(document)).toEqual([]);
    asking.show(grown);
    expect(providers.size).toBe(1);
    expect(providers.has(provider as never)).toBe(false);
  });

  it('says nothing to what was typed meanwhile', async () => {
    asking.show(grown);
    const [provider] = providers;
    expect(await provider?.provideInlineCompletionItems({ ...document, version: 5 })).toEqual([]);
    expect(answer).not.toHaveBeenCalled();
  });

  it.each([
    ['is on another line', [2, 2]],
    ['is in another column', [1, 3]],
    ['is in another document', [1, 2, { uri: { toString: () => 'file:///b.py' } }]],
    ['has typed since', [1, 2, { version: 5 }]],
    ['has selected something', [1, 2, {}, false]],
  ] as [string, [number, number, object?, boolean?]][])('does nothing where the user %s', (_, place) => {
    at(...place);
    asking.show(grown);
    expect(ran).toEqual([]);
  });

  it('hides the text for a moment in an editor that can not ask one provider', async () => {
    setVersion('1.110.0');
    asking.show(grown);
    await vi.waitFor(() => {
      expect(ran).toEqual([['editor.action.inlineSuggest.hide'], [trigger]]);
    });
    setVersion('1.139.1');
    expect(providers.size).toBe(0);
  });
});
