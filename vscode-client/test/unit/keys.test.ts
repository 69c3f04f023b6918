import { createHash } from 'node:crypto';
import { describe, expect, it, vi } from 'vitest';
import { attempt, authorizeUrl, codeIn, exchange, EXCHANGE, PATIENCE } from '../../src/keys/oauth';
import { Keys } from '../../src/keys/store';
import { EventEmitter } from './vscode';

describe('signing in', () => {
  const begun = { state: 'the-state', verifier: 'v'.repeat(43), since: 1000 };

  it('makes each attempt anew, with enough of chance', () => {
    const [one, other] = [attempt(5), attempt(5)];
    expect(one.verifier).toMatch(/^[\w-]{43}$/);
    expect(one.state).toMatch(/^[\w-]{22}$/);
    expect(one.verifier).not.toBe(other.verifier);
    expect(one.state).not.toBe(other.state);
  });

  it('sends the digest of the verifier, never itself', () => {
    const callback = 'vscode://cachewise.cachewise/openrouter?state=the-state&windowId=1';
    const url = new URL(authorizeUrl(begun, callback));
    expect(url.origin + url.pathname).toBe('https://openrouter.ai/auth');
    expect(url.searchParams.get('callback_url')).toBe(callback);
    expect(url.searchParams.get('code_challenge_method')).toBe('S256');
    expect(url.searchParams.get('code_challenge')).toBe(createHash('sha256').update(begun.verifier).digest('base64url'));
    expect(url.toString()).not.toContain(begun.verifier);
  });

  it.each([
    ['fits', 'state=the-state&code=abc', 2000, 'abc'],
    ['has another state', 'state=other&code=abc', 2000, undefined],
    ['has no state', 'code=abc', 2000, undefined],
    ['has no code', 'state=the-state', 2000, undefined],
    ['has an empty code', 'state=the-state&code=', 2000, undefined],
    ['comes too late', 'state=the-state&code=abc', 1000 + PATIENCE, undefined],
  ])('takes a return that %s: %s', (_, query, now, wanted) => {
    expect(codeIn(query, begun, now)).toBe(wanted);
  });

  const reply = (body: string, ok = true): typeof fetch =>
    vi.fn(() => Promise.resolve(new Response(body, { status: ok ? 200 : 403 })));

  it('exchanges the code for the key, at one address and without redirects', async () => {
    const send = reply('{"key": "sk-or-1"}');
    expect(await exchange('abc', begun, send)).toBe('sk-or-1');
    const [url, init] = vi.mocked(send).mock.calls[0] ?? [];
    expect(url).toBe(EXCHANGE);
    expect(init?.redirect).toBe('error');
    expect(JSON.parse(init?.body as string)).toEqual({
      code: 'abc',
      code_verifier: begun.verifier,
      code_challenge_method: 'S256',
    });
  });

  it.each([
    ['a refusal', '{"error": "no"}', false],
    ['no JSON', '<html>', true],
    ['no key', '{"user": "x"}', true],
    ['an empty key', '{"key": ""}', true],
    ['a key that is no text', '{"key": 7}', true],
    ['far too much', 'x'.repeat(20_000), true],
  ])('fails on %s, and tells no secret', async (_, body, ok) => {
    const failed = exchange('abc-secret', begun, reply(body, ok));
    await expect(failed).rejects.toThrow(/OpenRouter/);
    await expect(failed).rejects.not.toThrow(/abc-secret|vvvv/);
  });
});

describe('keys', () => {
  function secrets(): { kept: Map<string, string>; keys: Keys; changed: EventEmitter<{ key: string }> } {
    const kept = new Map<string, string>();
    const changed = new EventEmitter<{ key: string }>();
    const storage = {
      get: (name: string) => Promise.resolve(kept.get(name)),
      store: (name: string, value: string) => Promise.resolve(void kept.set(name, value)),
      delete: (name: string) => Promise.resolve(void kept.delete(name)),
      onDidChange: changed.event,
    };
    return { kept, keys: new Keys(storage), changed };
  }

  it('reach the server by its environment, and win over the editor\'s own', async () => {
    const { keys } = secrets();
    await keys.set('openrouter', '  sk-or-1\n');
    const own = { PATH: '/bin', OPENROUTER_API_KEY: 'old', OPENAI_API_KEY: 'own' };
    const env = await keys.environment(own);
    expect(env).toEqual({ PATH: '/bin', OPENROUTER_API_KEY: 'sk-or-1', OPENAI_API_KEY: 'own' });
    expect(own.OPENROUTER_API_KEY).toBe('old');
  });

  it('are forgotten by an empty one', async () => {
    const { keys, kept } = secrets();
    await keys.set('anthropic', 'a');
    expect(await keys.has('anthropic')).toBe(true);
    await keys.set('anthropic', ' ');
    expect(await keys.has('anthropic')).toBe(false);
    expect(kept.size).toBe(0);
  });

  it('tell of their own changes only', () => {
    const { keys, changed } = secrets();
    const told = vi.fn();
    keys.onChange(told);
    changed.fire({ key: 'another' });
    expect(told).not.toHaveBeenCalled();
    changed.fire({ key: 'cachewise.key.openai' });
    expect(told).toHaveBeenCalledOnce();
  });
});
