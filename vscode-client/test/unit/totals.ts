/** Statuses and sums to test with. */

import type { Status, Totals } from '../../src/protocol';

export function totals(given: Partial<Totals> = {}): Totals {
  return {
    requests: 1,
    inputTokens: 1000,
    cacheReadTokens: 900,
    cacheWriteTokens: 50,
    outputTokens: 100,
    costUsd: 0.0123,
    costIsComplete: true,
    savedUsd: 0.01,
    answersHits: 0,
    answersSavedUsd: 0,
    hitRatio: 0.9,
    accepted: 0,
    shown: 0,
    ...given,
  };
}

export function status(given: Partial<Status> = {}): Status {
  return {
    health: 'ok',
    quiescent: true,
    message: '',
    condition: null,
    model: 'openrouter:anthropic/claude-haiku-4.5',
    session: totals(),
    today: totals(),
    last: null,
    prefix: { tokens: null, state: 'cold', expiresAt: null },
    answers: { tier: 'disk', entries: 0, hits: 0, misses: 0 },
    ...given,
  };
}
