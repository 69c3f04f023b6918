import { describe, expect, it } from 'vitest';
import type { Usage } from '../../src/protocol';
import { plain, table, type Told } from '../../src/status/table';
import { status, totals } from './totals';
import { l10n } from './vscode';

const LAST: Usage = {
  feature: 'explain',
  model: 'm',
  source: 'provider',
  inputTokens: 1000,
  cacheReadTokens: 900,
  cacheWriteTokens: 0,
  outputTokens: 10,
  costUsd: 0.002,
  costSource: 'billed',
  savedUsd: 0.001,
  firstTokenMs: 1,
  totalMs: 2,
  outcome: 'complete',
  cacheMiss: null,
  predicted: { cacheReadTokens: 950, cacheWriteTokens: 0, plainTokens: 50, inputUsd: 0.0015 },
};

function told(given: Partial<Told> = {}): string {
  return table({ status: status(), session: totals(), byFeature: {}, miss: undefined, t: l10n.t, ...given });
}

describe('the hover', () => {
  it('has a row for the session, for today, and for each feature that cost something', () => {
    const text = told({
      session: totals({ requests: 3, inputTokens: 12345 }),
      byFeature: {
        complete: totals({ costUsd: 0.001 }),
        ask: totals({ requests: 0, answersHits: 0 }),
        explain: totals({ costUsd: 0.5 }),
      },
    });
    const rows = text.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| |'));
    expect(rows.map((line) => line.split('|')[1]?.trim())).toEqual([
      'Session',
      'Today',
      '30 days: explain',
      '30 days: complete',
    ]);
    expect(rows[0]).toBe('| Session | 3 | 12,345 | 90% | 100 | $0.0123 | $0.0100 |');
  });

  it('puts what was billed beside what was predicted', () => {
    const text = told({ status: status({ last: LAST }) });
    expect(text).toContain('Last: explain, $0.0020 · predicted 950 read, $0.0015 for the input; 900 read');
  });

  it('marks what is estimated and what is not known', () => {
    expect(told({ status: status({ last: { ...LAST, costSource: 'estimated' } }) })).toContain('~$0.0020');
    expect(told({ status: status({ last: { ...LAST, costUsd: null, predicted: null } }) })).toContain('Last: explain, ?');
    expect(told({ session: totals({ savedUsd: -0.5 }) })).toContain('-$0.5000');
  });

  it('tells of stored answers and of the last miss', () => {
    const text = told({
      session: totals({ answersHits: 2, answersSavedUsd: 0.03 }),
      miss: { reason: 'expired', tokens: 4000, detail: 'idle for 6 minutes' },
    });
    expect(text).toContain('2 answers served from this machine, $0.0300 saved');
    expect(text).toContain('Last cache miss: expired (4000 tokens). idle for 6 minutes');
  });

  it('lets nothing act that a server wrote', () => {
    const evil = '[x](command:cachewise.restart) ![y](https://example.com/a.png) <img src=x>\n\n| a | $(zap)';
    const text = told({ status: status({ health: 'error', message: evil, model: evil }) });
    for (const sign of ['](', '![', ' <img', '$(zap)', '\n| a']) {
      expect(text).not.toContain(sign);
    }
  });
});

describe('plain text', () => {
  it.each([
    ['a b', 'a b'],
    ['a\n\nb', 'a b'],
    ['*a* [b](c)', '\\*a\\* \\[b\\]\\(c\\)'],
    ['$(icon)', '\\$\\(icon\\)'],
    ['https://x', 'https\\://x'],
  ])('%j becomes %j', (text, wanted) => {
    expect(plain(text)).toBe(wanted);
  });
});
