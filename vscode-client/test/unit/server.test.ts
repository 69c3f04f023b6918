import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Backoff, FIRST_DELAY, MOST_RESTARTS, SPAN } from '../../src/server/backoff';
import { handedOver, PATIENCE, toConfirm } from '../../src/server/confirm';
import { type Ground, install } from '../../src/server/install';
import { CannotStart, Lifecycle } from '../../src/server/lifecycle';
import type { Connection, Launch } from '../../src/server/connection';

describe('restarts', () => {
  it('come later and later, and then no more', () => {
    const backoff = new Backoff();
    const delays = Array.from({ length: MOST_RESTARTS + 1 }, (_, index) => backoff.next(index));
    expect(delays).toEqual([1, 2, 4, 8, 16, undefined].map((factor) => factor && factor * FIRST_DELAY));
    expect(backoff.next(SPAN - 1)).toBeUndefined();
    expect(backoff.next(2 * SPAN)).toBe(FIRST_DELAY);
  });

  it('are counted anew when the user asks for one', () => {
    const backoff = new Backoff();
    backoff.next(0);
    backoff.forget();
    expect(backoff.next(1)).toBe(FIRST_DELAY);
  });
});

describe('the life of a server', () => {
  const log = { info: vi.fn(), warn: vi.fn(), error: vi.fn() };
  const launch: Launch = { command: 'cachewise', args: ['serve'], env: {}, cwd: '/' };
  const stop = vi.fn(() => Promise.resolve());
  const connection = { stop } as unknown as Connection;
  let connect: ReturnType<typeof vi.fn<() => Promise<Connection>>>;
  let lifecycle: Lifecycle;
  let lives: string[];

  beforeEach(() => {
    vi.useFakeTimers();
    stop.mockClear();
    connect = vi.fn(() => Promise.resolve(connection));
    lifecycle = new Lifecycle(() => Promise.resolve(launch), connect, { log } as never);
    lives = [];
    lifecycle.onChange(() => lives.push(lifecycle.life));
  });

  afterEach(async () => {
    await lifecycle.dispose();
    vi.useRealTimers();
  });

  it('starts, and ends in order', async () => {
    await lifecycle.restart();
    expect(await lifecycle.server()).toBe(connection);
    expect(lives).toEqual(['starting', 'running']);
    await lifecycle.dispose();
    expect(stop).toHaveBeenCalledOnce();
  });

  it('has none between two servers, so that the sums of the first can be kept', async () => {
    const running: boolean[] = [];
    await lifecycle.restart();
    lifecycle.onChange(() => running.push(lifecycle.running !== undefined));
    await lifecycle.restart();
    expect(running).toEqual([false, true]);
  });

  it('makes one restart of several wishes', async () => {
    await Promise.all([lifecycle.restart(), lifecycle.restart(), lifecycle.restart()]);
    expect(connect).toHaveBeenCalledOnce();
    await lifecycle.restart();
    expect(connect).toHaveBeenCalledTimes(2);
    expect(stop).toHaveBeenCalledOnce();
  });

  it('starts a server again that died, and says so', async () => {
    await lifecycle.restart();
    lifecycle.gone();
    expect(lifecycle.life).toBe('restarting');
    expect(lifecycle.reason).not.toBe('');
    await vi.advanceTimersByTimeAsync(FIRST_DELAY);
    expect(lifecycle.life).toBe('running');
    expect(lifecycle.reason).toBe('');
  });

  it('leaves a server down that dies again and again, until the user asks', async () => {
    await lifecycle.restart();
    for (let death = 0; death <= MOST_RESTARTS; death += 1) {
      lifecycle.gone();
      await vi.advanceTimersByTimeAsync(60_000 / MOST_RESTARTS);
    }
    expect(lifecycle.life).toBe('down');
    expect(lifecycle.reason).toMatch(/stays down/);
    await lifecycle.restart();
    expect(lifecycle.life).toBe('running');
  });

  it('tries again where a start fails, and says why', async () => {
    connect.mockRejectedValueOnce(new Error('exit 3'));
    await lifecycle.restart();
    expect(lifecycle.life).toBe('restarting');
    expect(lifecycle.reason).toContain('exit 3');
    await vi.advanceTimersByTimeAsync(FIRST_DELAY);
    expect(lifecycle.life).toBe('running');
  });

  it.each(['missing', 'down'] as const)('does not try again where it can not start: %s', async (life) => {
    connect.mockRejectedValue(new CannotStart('There is none.', life));
    await lifecycle.restart();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connect).toHaveBeenCalledOnce();
    expect([lifecycle.life, lifecycle.reason]).toEqual([life, 'There is none.']);
    expect(await lifecycle.server()).toBeUndefined();
  });

  it('is not started again after the window was closed', async () => {
    await lifecycle.restart();
    await lifecycle.dispose();
    lifecycle.gone();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(connect).toHaveBeenCalledOnce();
  });
});

describe('edits', () => {
  const edit = { range: { start: { line: 0, character: 0 }, end: { line: 0, character: 0 } }, newText: '"""Doc."""' };

  it('are shown before they are made', () => {
    const textDocument = { uri: 'file:///a.py', version: 3 };
    const marked = toConfirm({ label: 'Write documentation', edit: { documentChanges: [{ textDocument, edits: [edit] }] } });
    expect(marked.edit.documentChanges).toEqual([{ textDocument, edits: [{ ...edit, annotationId: 'cachewise' }] }]);
    expect(marked.edit.changeAnnotations).toEqual({
      cachewise: {
        label: 'Write documentation',
        description: 'Tick it, then press Apply.',
        needsConfirmation: true,
      },
    });
  });

  it('count as taken over while the user looks at them', async () => {
    vi.useFakeTimers();
    const waiting = handedOver(new Promise(() => undefined));
    await vi.advanceTimersByTimeAsync(PATIENCE);
    expect(await waiting).toEqual({ applied: true });
    vi.useRealTimers();
    expect(await handedOver(Promise.resolve({ applied: false }))).toEqual({ applied: false });
  });
});

describe('installing', () => {
  const GROUND: Ground = { folder: '/data/server', wheels: '/ext/wheels', version: '0.1.0', windows: false };

  /** Runs an installation on a machine where the programs that `fails` matches are missing or fail. */
  async function ran(ground: Ground, fails: RegExp): Promise<string[]> {
    const lines: string[] = [];
    const run = (program: string, args: string[]): Promise<string> => {
      const line = [program, ...args].join(' ');
      lines.push(line);
      if (fails.test(line)) {
        return Promise.reject(new Error(`${program}: not found`));
      }
      return Promise.resolve(program === 'python3' ? '3.10\n' : '3.12\n');
    };
    await install(ground, run, () => undefined);
    return lines;
  }

  it('takes uv and the wheels that are there, without a network', async () => {
    expect(await ran(GROUND, /never/)).toEqual([
      'uv --version',
      'uv venv --clear --no-project --python >=3.11 /data/server',
      'uv pip install --python /data/server/bin/python --no-index --find-links /ext/wheels cachewise==0.1.0',
    ]);
  });

  it('takes a Python that is new enough where there is no uv', async () => {
    const lines = await ran(GROUND, /^uv|python3\.14/);
    expect(lines).toContain('python3.13 -m venv --clear /data/server');
    expect(lines.at(-1)).toBe(
      '/data/server/bin/python -I -m pip install --disable-pip-version-check --no-index --find-links /ext/wheels cachewise==0.1.0',
    );
  });

  it('gets from the index what is missing among the wheels', async () => {
    const lines = await ran(GROUND, /--no-index/);
    expect(lines.at(-1)).toBe(
      'uv pip install --python /data/server/bin/python --find-links /ext/wheels cachewise==0.1.0',
    );
    const without = await ran({ ...GROUND, wheels: undefined }, /never/);
    expect(without.at(-1)).toBe('uv pip install --python /data/server/bin/python cachewise==0.1.0');
  });

  it('says what is missing', async () => {
    await expect(ran(GROUND, /^(uv|python|py)/)).rejects.toThrow(/Python 3\.11 or newer is needed, or uv/);
  });

  it('knows the places of Windows', async () => {
    const lines = await ran({ ...GROUND, windows: true }, /^uv/);
    expect(lines).toContain('py -m venv --clear /data/server');
    expect(lines.at(-1)).toContain('Scripts/python.exe');
  });
});
