/** What a window keeps: readings, settings, pauses, and a sign-in that is under way. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readFileSync } from 'node:fs';
import { Pause } from '../../src/ghost/pause';
import { SignIn } from '../../src/keys/sign_in';
import type { Keys } from '../../src/keys/store';
import type { UsageReport } from '../../src/protocol';
import { section, serverSettings } from '../../src/settings';
import { Readings } from '../../src/status/readings';
import { status, totals } from './totals';
import { env, ran, workspace } from './vscode';

const MANIFEST: unknown = JSON.parse(readFileSync('package.json', 'utf8'));

describe('readings', () => {
  const report = { byFeature: { explain: totals() } } as unknown as UsageReport;
  const fetch = vi.fn((): Promise<UsageReport | undefined> => Promise.resolve(report));
  const changed = vi.fn();
  let readings: Readings;

  beforeEach(() => {
    vi.useFakeTimers();
    fetch.mockClear();
    changed.mockClear();
    readings = new Readings(fetch, changed);
    return () => {
      readings.dispose();
      vi.useRealTimers();
    };
  });

  it('ask for the sums by feature once it is quiet', async () => {
    readings.take(status({ quiescent: false }));
    readings.take(status());
    readings.take(status());
    expect(fetch).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(2000);
    expect(fetch).toHaveBeenCalledOnce();
    expect(Object.keys(readings.byFeature)).toEqual(['explain']);
    expect(changed).toHaveBeenCalledTimes(4);
  });

  it('ask for nothing before anything was used', async () => {
    readings.take(status({ today: totals({ requests: 0 }) }));
    await vi.advanceTimersByTimeAsync(5000);
    expect(fetch).not.toHaveBeenCalled();
  });

  it('live through a server that ends in between', async () => {
    fetch.mockRejectedValueOnce(new Error('gone'));
    readings.take(status({ session: totals({ costUsd: 2 }) }));
    await vi.advanceTimersByTimeAsync(2000);
    readings.over();
    expect(readings.session?.costUsd).toBe(2);
    readings.take(status({ session: totals({ costUsd: 1 }) }));
    expect(readings.session?.costUsd).toBe(3);
    const told = { ...report, session: totals({ costUsd: 5 }) };
    expect(readings.whole(told).session.costUsd).toBe(7);
    expect(readings.session?.costUsd).toBe(3);
  });

  it('remember the last miss over requests without one', () => {
    const miss = { reason: 'expired', tokens: 1, detail: '' } as const;
    readings.take(status({ last: { cacheMiss: miss } as never }));
    readings.take(status({ last: { cacheMiss: null } as never }));
    expect(readings.miss).toEqual(miss);
  });
});

describe('settings', () => {
  afterEach(() => {
    workspace.values = {};
  });

  it('of the server are all that the manifest has but the program', () => {
    const keys = serverSettings(MANIFEST);
    expect(keys).toContain('completion.maxTokens');
    expect(keys).not.toContain('server.path');
    expect(keys.filter((key) => /url|header|proxy|key|path|command|host/i.test(key))).toEqual([]);
  });

  it('are told where somebody set them, and are unset else', () => {
    workspace.values = {
      model: { defaultValue: 'a', globalValue: 'b' },
      hover: { defaultValue: 'cached', workspaceValue: 'off' },
      'completion.enabled': { defaultValue: true, workspaceFolderValue: false },
      codeLens: { defaultValue: false },
    };
    expect(section(['model', 'hover', 'completion.enabled', 'codeLens', 'trace'])).toEqual({
      model: 'b',
      hover: 'off',
      'completion.enabled': false,
      codeLens: null,
      trace: null,
    });
  });

  it('that name a program are for the user alone', () => {
    const { contributes, capabilities } = MANIFEST as {
      contributes: { configuration: { properties: Record<string, { scope: string }> } };
      capabilities: { untrustedWorkspaces: { supported: string; restrictedConfigurations: string[] } };
    };
    expect(contributes.configuration.properties['cachewise.server.path']?.scope).toBe('machine');
    expect(capabilities.untrustedWorkspaces.supported).toBe('limited');
    expect(capabilities.untrustedWorkspaces.restrictedConfigurations).toContain('cachewise.server.path');
  });
});

describe('a pause', () => {
  const kept = new Map<string, unknown>();
  const memento = {
    get: (name: string, other: unknown) => kept.get(name) ?? other,
    update: (name: string, value: unknown) => Promise.resolve(void kept.set(name, value)),
  };
  let pause: Pause;

  beforeEach(() => {
    kept.clear();
    vi.useFakeTimers();
    pause = new Pause(memento as never);
    return () => {
      pause.dispose();
      vi.useRealTimers();
    };
  });

  it('lasts ten minutes, and tells of its end', () => {
    const told = vi.fn();
    pause.onChange(told);
    pause.toggle();
    expect(ran.at(-1)).toEqual(['editor.action.inlineSuggest.hide']);
    expect(pause.paused('python')).toBe(true);
    vi.advanceTimersByTime(10 * 60_000);
    expect(pause.paused('python')).toBe(false);
    expect(told).toHaveBeenCalledTimes(2);
  });

  it('can be ended by hand', () => {
    pause.toggle();
    pause.toggle();
    expect(pause.all).toBe(false);
  });

  it('of a language outlives the window', async () => {
    await pause.toggleLanguage('markdown');
    expect(new Pause(memento as never).paused('markdown')).toBe(true);
    expect(pause.paused('python')).toBe(false);
    expect(pause.paused(undefined)).toBe(false);
    await pause.toggleLanguage('markdown');
    expect(pause.isOff('markdown')).toBe(false);
  });
});

describe('a sign-in', () => {
  const set = vi.fn(() => Promise.resolve());
  const log = { warn: vi.fn() };
  const back = (path: string, query: string): never => ({ path, query }) as never;
  let signIn: SignIn;

  beforeEach(() => {
    set.mockClear();
    log.warn.mockClear();
    vi.stubGlobal(
      'fetch',
      vi.fn(() => Promise.resolve(new Response('{"key": "sk-or-1"}'))),
    );
    signIn = new SignIn({ set } as unknown as Keys, 'cachewise.cachewise', log as never);
  });

  /** The state of the attempt that the browser was sent away with. */
  function state(): string {
    const callback = new URL(String(env.opened.at(-1))).searchParams.get('callback_url') ?? '';
    expect(callback).toMatch(/^vscode:\/\/cachewise\.cachewise\/openrouter\?/);
    return new URL(callback).searchParams.get('state') ?? '';
  }

  it('that comes back with its code stores the key, once', async () => {
    await signIn.begin();
    const query = `state=${state()}&code=abc`;
    await signIn.handleUri(back('/openrouter', query));
    expect(set).toHaveBeenCalledExactlyOnceWith('openrouter', 'sk-or-1');
    await signIn.handleUri(back('/openrouter', query));
    expect(set).toHaveBeenCalledOnce();
    expect(log.warn).toHaveBeenCalledOnce();
  });

  it.each([
    ['that nobody began', '/openrouter', false],
    ['at another path', '/other', true],
  ])('%s is not heard', async (_, path, begun) => {
    if (begun) {
      await signIn.begin();
    }
    await signIn.handleUri(back(path, `state=${begun ? state() : ''}&code=abc`));
    expect(set).not.toHaveBeenCalled();
    expect(fetch).not.toHaveBeenCalled();
    expect(log.warn).toHaveBeenCalledOnce();
  });

  it('with another state does not end the one that is under way', async () => {
    await signIn.begin();
    const query = `state=${state()}&code=abc`;
    await signIn.handleUri(back('/openrouter', 'state=forged&code=evil'));
    expect(set).not.toHaveBeenCalled();
    await signIn.handleUri(back('/openrouter', query));
    expect(set).toHaveBeenCalledOnce();
  });
});
