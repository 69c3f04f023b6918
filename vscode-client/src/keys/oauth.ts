/**
 * Signing in to OpenRouter by OAuth with PKCE (RFC 7636, method S256), as https://openrouter.ai/docs/oauth describes it:
 * the browser comes back with a code, which is worth something only together with the verifier that never left here.
 *
 * Not here: opening the browser and hearing of its return (`sign_in.ts`).
 */

import { createHash, randomBytes } from 'node:crypto';

export const AUTHORIZE = 'https://openrouter.ai/auth';
export const EXCHANGE = 'https://openrouter.ai/api/v1/auth/keys';
/** Milliseconds that a user may take in the browser. */
export const PATIENCE = 10 * 60_000;
/** Milliseconds for the exchange. */
const DEADLINE = 20_000;
/** Characters of an answer that holds a key; more is none. */
const MOST = 10_000;

/** One attempt to sign in. */
export interface Attempt {
  /** Ties the browser's return to this attempt. */
  state: string;
  verifier: string;
  /** Milliseconds since 1970. */
  since: number;
}

export function attempt(now: number): Attempt {
  return { state: randomBytes(16).toString('base64url'), verifier: randomBytes(32).toString('base64url'), since: now };
}

/** The page to open in the browser. */
export function authorizeUrl({ verifier }: Attempt, callback: string): string {
  const url = new URL(AUTHORIZE);
  url.searchParams.set('callback_url', callback);
  url.searchParams.set('code_challenge', createHash('sha256').update(verifier).digest('base64url'));
  url.searchParams.set('code_challenge_method', 'S256');
  return url.toString();
}

/** The code in the query of the browser's return; undefined where it does not belong to the attempt. */
export function codeIn(query: string, { state, since }: Attempt, now: number): string | undefined {
  const given = new URLSearchParams(query);
  const code = given.get('code');
  return given.get('state') === state && now - since < PATIENCE && code !== null && code !== '' ? code : undefined;
}

/** Gets the key for a code. Fails with a sentence that holds neither. */
export async function exchange(code: string, { verifier }: Attempt, send: typeof fetch = fetch): Promise<string> {
  const response = await send(EXCHANGE, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ code, code_verifier: verifier, code_challenge_method: 'S256' }),
    redirect: 'error',
    signal: AbortSignal.timeout(DEADLINE),
  });
  const text = await response.text();
  if (!response.ok || text.length > MOST) {
    throw new Error(`OpenRouter answered with status ${response.status}.`);
  }
  const key = keyIn(text);
  if (key === undefined) {
    throw new Error('OpenRouter sent no key.');
  }
  return key;
}

function keyIn(text: string): string | undefined {
  try {
    const answer: unknown = JSON.parse(text);
    if (typeof answer === 'object' && answer !== null && 'key' in answer && typeof answer.key === 'string') {
      return answer.key === '' ? undefined : answer.key;
    }
  } catch {
    // No JSON, so no key.
  }
  return undefined;
}
