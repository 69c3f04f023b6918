import { describe, expect, test } from 'vitest';
import type { Usage, UsageReport } from '../../src/protocol';
import { cost, csv, days, dearest, DEAREST, features, share } from '../../src/usage/rows';
import { totals } from './totals';

function usage(given: Partial<Usage> = {}): Usage {
  return {
    feature: 'explain',
    model: 'openrouter:anthropic/claude-haiku-4.5',
    source: 'provider',
    inputTokens: 1000,
    cacheReadTokens: 900,
    cacheWriteTokens: 0,
    outputTokens: 10,
    costUsd: 0.001,
    costSource: 'billed',
    savedUsd: 0,
    firstTokenMs: 1,
    totalMs: 2,
    outcome: 'complete',
    cacheMiss: null,
    predicted: null,
    ...given,
  };
}

function report(given: Partial<UsageReport> = {}): UsageReport {
  return { session: totals(), today: totals(), days: [], byModel: {}, byFeature: {}, recent: [], ...given };
}

describe('order', () => {
  test('days by time, whatever order they come in', () => {
    const found = days(
      report({
        days: [
          { date: '2026-03-02', ...totals({ costUsd: 2 }) },
          { date: '2026-02-28', ...totals({ costUsd: 1 }) },
        ],
      }),
    );
    expect(found.map(({ name, totals: sums }) => [name, sums.costUsd])).toEqual([
      ['2026-02-28', 1],
      ['2026-03-02', 2],
    ]);
    expect(found[0]?.totals).not.toHaveProperty('date');
  });

  test('features by cost, then by name', () => {
    const byFeature = { b: totals({ costUsd: 1 }), a: totals({ costUsd: 1 }), c: totals({ costUsd: 3 }) };
    expect(features(report({ byFeature })).map(({ name }) => name)).toEqual(['c', 'a', 'b']);
  });

  test('the dearest requests, without those whose cost is unknown', () => {
    const recent = [null, ...Array.from({ length: 30 }, (_, n) => n / 1000)].map((costUsd) => usage({ costUsd }));
    const found = dearest(report({ recent })).map(({ costUsd }) => costUsd);
    expect(found).toEqual(Array.from({ length: DEAREST }, (_, n) => (29 - n) / 1000));
    expect(recent[0]?.costUsd).toBeNull();
  });
});

describe.each([
  [1000, 900, 0.9],
  [1000, 0, 0],
  [0, 0, undefined],
  [null, 5, undefined],
  [5, null, undefined],
] as const)('share of %s input with %s read', (inputTokens, cacheReadTokens, wanted) => {
  test(`is ${String(wanted)}`, () => {
    expect(share(usage({ inputTokens, cacheReadTokens }))).toBe(wanted);
  });
});

test('a sum with an unknown part says so', () => {
  const points = [true, false].map((costIsComplete, n) => ({
    name: String(n),
    totals: totals({ costUsd: 1, costIsComplete }),
  }));
  expect(cost(points)).toEqual({ costUsd: 2, costIsComplete: false });
  expect(cost([])).toEqual({ costUsd: 0, costIsComplete: true });
});

describe('CSV', () => {
  test('has a row for each day, feature and model, and nothing for what is unknown', () => {
    const lines = csv(
      report({
        days: [{ date: '2026-02-28', ...totals({ hitRatio: null }) }],
        byFeature: { explain: totals() },
        byModel: { 'a,"b"': totals() },
      }),
    ).split('\r\n');
    expect(lines).toHaveLength(5);
    expect(lines[0]).toMatch(/^by,name,requests,inputTokens,/);
    expect(lines[1]).toBe('day,2026-02-28,1,1000,900,50,100,0.0123,true,0.01,,0,0,0,0');
    expect(lines[2]).toMatch(/^feature,explain,/);
    expect(lines[3]).toMatch(/^model,"a,""b""",/);
    expect(lines[4]).toBe('');
  });

  test.each(['=1+1', '+1', '-1', '@x'])('a name such as %s is no formula', (name) => {
    expect(csv(report({ byFeature: { [name]: totals() } }))).toContain(`feature,'${name},`);
  });
});
