import { describe, expect, it } from 'vitest';
import { face, type Known, minutesWarm, money, percent } from '../../src/status/text';
import { add, Sessions } from '../../src/status/sums';
import { status, totals } from './totals';
import { l10n } from './vscode';

const NOW = new Date('2026-05-01T12:00:00Z');
const WARM = { tokens: 5000, state: 'warm', expiresAt: '2026-05-01T12:04:01Z' } as const;

function known(given: Partial<Known> = {}): Known {
  return {
    life: 'running',
    status: status(),
    session: totals(),
    paused: false,
    streaming: false,
    level: 'full',
    now: NOW,
    t: l10n.t,
    ...given,
  };
}

const FACES: [string, Partial<Known>, string, string | undefined][] = [
  ['cold', {}, '$(circle-outline) $0.0123 · 90%', undefined],
  ['nothing read yet', { session: totals({ hitRatio: null }) }, '$(circle-outline) $0.0123', undefined],
  ['warm', { status: status({ prefix: WARM }) }, '$(flame) $0.0123 · 90% · 5 min', undefined],
  [
    'warm no more',
    { status: status({ prefix: { ...WARM, expiresAt: '2026-05-01T11:59:59Z' } }) },
    '$0.0123 · 90%',
    undefined,
  ],
  [
    'a provider without a cache',
    { status: status({ prefix: { tokens: null, state: 'unsupported', expiresAt: null } }) },
    '$0.0123 · 90%',
    undefined,
  ],
  ['a cost that is not known', { session: totals({ costIsComplete: false }) }, '$(circle-outline) $0.0123? · 90%', undefined],
  ['compact', { level: 'compact', status: status({ prefix: WARM }) }, '$(flame) $0.0123', undefined],
  ['a request is under way', { status: status({ quiescent: false }) }, '$(loading~spin) $0.0123 · 90%', undefined],
  ['a stored answer streams', { streaming: true }, '$(loading~spin) $0.0123 · 90%', undefined],
  ['paused', { paused: true }, '$(debug-pause) $0.0123 · 90% · paused', undefined],
  [
    'no key',
    { status: status({ health: 'warning', condition: 'key', message: 'Set a key.' }) },
    '$(key) $0.0123 · 90% · no key',
    'warning',
  ],
  [
    'over budget',
    { status: status({ health: 'error', condition: 'overBudget', message: 'Too dear.' }) },
    '$(circle-slash) $0.0123 · 90% · over budget',
    'error',
  ],
  [
    'offline',
    { status: status({ health: 'warning', condition: 'offline', message: 'No way there.' }) },
    '$(debug-disconnect) $0.0123 · 90% · offline',
    'warning',
  ],
  [
    'a warning',
    { status: status({ health: 'warning', condition: 'provider', message: 'Busy.' }) },
    '$(warning) $0.0123 · 90%',
    'warning',
  ],
  [
    'an error',
    { status: status({ health: 'error', condition: 'provider', message: 'No credit.' }) },
    '$(error) $0.0123 · 90% · error',
    'error',
  ],
  ['starting', { life: 'starting', status: undefined, session: undefined }, '$(loading~spin) cachewise', undefined],
  ['running, before the first status', { status: undefined, session: undefined }, '$(loading~spin) cachewise', undefined],
  ['died', { life: 'restarting' }, '$(sync~spin) cachewise', undefined],
  ['not installed', { life: 'missing' }, '$(cloud-download) cachewise: install', 'warning'],
  ['being installed', { life: 'installing' }, '$(loading~spin) cachewise', undefined],
  ['down', { life: 'down' }, '$(error) cachewise', 'error'],
];

describe('the status item', () => {
  it.each(FACES)('%s', (_, given, text, colour) => {
    const shown = face(known(given));
    expect(shown?.text).toBe(text);
    expect(shown?.colour).toBe(colour);
    expect(shown?.spoken).toMatch(/cachewise/);
    expect(shown?.spoken).not.toMatch(/\$\(/);
  });

  it('is hidden where the user wants none', () => {
    expect(face(known({ level: 'off' }))).toBeUndefined();
  });

  it('reads out what is wrong', () => {
    const wrong = status({ health: 'error', condition: 'provider', message: 'No credit.' });
    expect(face(known({ status: wrong }))?.spoken).toContain('No credit.');
  });
});

describe('figures', () => {
  it.each([
    [0, '0%'],
    [0.001, '1%'],
    [0.5, '50%'],
    [0.999, '99%'],
    [1, '100%'],
  ])('%d is %s', (ratio, text) => {
    expect(percent(ratio)).toBe(text);
  });

  it('shows four digits of a dollar', () => {
    expect(money(totals({ costUsd: 0.00005 }))).toBe('$0.0001');
    expect(money(totals({ costUsd: 12.34567, costIsComplete: false }))).toBe('$12.3457?');
  });

  it('counts a minute that has begun', () => {
    expect(minutesWarm(status({ prefix: WARM }), NOW)).toBe(5);
    expect(minutesWarm(status(), NOW)).toBeUndefined();
  });
});

describe('a session over several servers', () => {
  it('adds what the ended ones told', () => {
    const sessions = new Sessions();
    expect(sessions.total).toBeUndefined();
    sessions.told(totals({ costUsd: 1, inputTokens: 100, cacheReadTokens: 0 }));
    sessions.over();
    expect(sessions.total?.costUsd).toBe(1);
    sessions.over();
    sessions.told(totals({ costUsd: 0.25, inputTokens: 100, cacheReadTokens: 100 }));
    sessions.told(totals({ costUsd: 0.5, inputTokens: 300, cacheReadTokens: 300 }));
    expect(sessions.total?.costUsd).toBe(1.5);
    expect(sessions.total?.hitRatio).toBe(0.75);
  });

  it('keeps what is not known unknown', () => {
    const none = totals({ inputTokens: 0, cacheReadTokens: 0, hitRatio: null });
    expect(add(none, none).hitRatio).toBeNull();
    expect(add(totals(), totals({ costIsComplete: false })).costIsComplete).toBe(false);
  });
});
