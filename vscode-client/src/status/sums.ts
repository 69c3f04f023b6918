/** Adding up sums. A window's session outlives its servers: what ended ones told is kept and added to. Pure. */

import type { Totals } from '../protocol';

/** The sum of two, with a hit ratio of the tokens that both have. */
export function add(one: Totals, other: Totals): Totals {
  const input = one.inputTokens + other.inputTokens;
  const read = one.cacheReadTokens + other.cacheReadTokens;
  return {
    requests: one.requests + other.requests,
    inputTokens: input,
    cacheReadTokens: read,
    cacheWriteTokens: one.cacheWriteTokens + other.cacheWriteTokens,
    outputTokens: one.outputTokens + other.outputTokens,
    costUsd: one.costUsd + other.costUsd,
    costIsComplete: one.costIsComplete && other.costIsComplete,
    savedUsd: one.savedUsd + other.savedUsd,
    answersHits: one.answersHits + other.answersHits,
    answersSavedUsd: one.answersSavedUsd + other.answersSavedUsd,
    hitRatio: input > 0 ? read / input : (one.hitRatio ?? other.hitRatio),
    accepted: one.accepted + other.accepted,
    shown: one.shown + other.shown,
  };
}

/** The session over several servers, one after the other. */
export class Sessions {
  private ended: Totals | undefined;
  private current: Totals | undefined;

  /** What the running server told last. */
  told(totals: Totals): void {
    this.current = totals;
  }

  /** The running server is gone. */
  over(): void {
    this.ended = this.total;
    this.current = undefined;
  }

  get total(): Totals | undefined {
    return this.current === undefined ? this.ended : this.with(this.current);
  }

  /** The session, if this is what the running server told. */
  with(totals: Totals): Totals {
    return this.ended === undefined ? totals : add(this.ended, totals);
  }
}
