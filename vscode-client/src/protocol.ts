/**
 * What the server says, as `docs/protocol.md` has it. Null is what the server does not know, which is never 0.
 */

export type Health = 'ok' | 'warning' | 'error';

/** The sums of a time, a feature or a model. Money is in US dollars. */
export interface Totals {
  requests: number;
  inputTokens: number;
  cacheReadTokens: number;
  cacheWriteTokens: number;
  outputTokens: number;
  costUsd: number;
  /** False where the cost of a request is not known, and so missing in the sum. */
  costIsComplete: boolean;
  savedUsd: number;
  answersHits: number;
  answersSavedUsd: number;
  /** From 0 to 1, weighted by tokens. */
  hitRatio: number | null;
  accepted: number;
  shown: number;
}

export interface CacheMiss {
  reason: 'cold' | 'expired' | 'prefixChanged' | 'belowMinimum' | 'routeChanged' | 'unreported';
  tokens: number | null;
  detail: string;
}

/** What one request used. */
export interface Usage {
  feature: string;
  model: string;
  source: 'provider' | 'answers' | 'offline';
  inputTokens: number | null;
  cacheReadTokens: number | null;
  cacheWriteTokens: number | null;
  outputTokens: number | null;
  costUsd: number | null;
  costSource: 'billed' | 'estimated' | 'unknown';
  savedUsd: number | null;
  firstTokenMs: number | null;
  totalMs: number | null;
  outcome: 'complete' | 'cancelled' | 'failed';
  cacheMiss: CacheMiss | null;
  predicted: Predicted | null;
}

/** What a request's input was expected to be billed as before it was sent. */
export interface Predicted {
  cacheReadTokens: number;
  cacheWriteTokens: number;
  plainTokens: number;
  inputUsd: number | null;
}

/** `cachewise/status`. */
export interface Status {
  health: Health;
  /** No request is under way. */
  quiescent: boolean;
  message: string;
  /** The name of what `message` is about, such as `key` or `overBudget`; null where nothing is wrong. */
  condition: string | null;
  model: string;
  session: Totals;
  today: Totals;
  last: Usage | null;
  prefix: {
    tokens: number | null;
    state: 'cold' | 'warm' | 'unsupported' | 'belowMinimum';
    /** ISO time. */
    expiresAt: string | null;
  };
  answers: { tier: 'memory' | 'disk' | 'redis'; entries: number; hits: number; misses: number };
}

/** The result of `cachewise.usage`. */
export interface UsageReport {
  session: Totals;
  today: Totals;
  days: ({ date: string } & Totals)[];
  byModel: Record<string, Totals>;
  byFeature: Record<string, Totals>;
  recent: Usage[];
}

/** The result of `cachewise.explain` and `cachewise.ask`. */
export interface Answer {
  text: string;
  source: 'provider' | 'answers';
  model: string;
  usage: Usage;
  ageSeconds?: number;
  /** Whether something that a stored answer depends on has changed since it was given. */
  contextChanged?: boolean;
  /** The URI of the virtual document that shows it. */
  document?: string;
}

/** `cachewise/completionGrew`: a suggestion is longer now. */
export interface Grown {
  uri: string;
  version: number;
  position: { line: number; character: number };
}
