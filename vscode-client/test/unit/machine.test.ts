/** What touches the machine: programs, files, and what a search for the server finds there. */

import { chmodSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { disk, pythonEnvironment } from '../../src/server/disk';
import { find } from '../../src/server/find';
import { runner } from '../../src/server/run';
import { extensions } from './vscode';

let folder: string;

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), 'cachewise-unit-')));
});

afterEach(() => {
  rmSync(folder, { recursive: true });
});

/** Writes a file; a program where it is to run. */
function file(name: string, runs = true): string {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, '#!/bin/sh\n');
  chmodSync(path, runs ? 0o755 : 0o644);
  return path;
}

describe('the disk', () => {
  it('tells programs from other things', async () => {
    expect(await disk.runs(file('program'))).toBe(true);
    expect(await disk.runs(file('text', false))).toBe(false);
    expect(await disk.runs(folder)).toBe(false);
    expect(await disk.runs(join(folder, 'nothing'))).toBe(false);
  });

  it('follows links', async () => {
    const target = file('program');
    const link = join(folder, 'link');
    symlinkSync(target, link);
    expect(await disk.real(link)).toBe(target);
    expect(await disk.real('/there/is/no/such')).toBe('/there/is/no/such');
  });

  it('keeps a link into a folder that is not trusted from being run', async () => {
    const evil = file('repo/tools/cachewise');
    mkdirSync(join(folder, 'bin'));
    symlinkSync(evil, join(folder, 'bin', 'cachewise'));
    const places = {
      setting: '',
      environment: undefined,
      searchPath: join(folder, 'bin'),
      installed: join(folder, 'installed'),
      folders: [join(folder, 'repo')],
      windows: false,
    };
    expect(await find({ ...places, trusted: false }, disk)).toEqual({ kind: 'none' });
    expect(await find({ ...places, trusted: true }, disk)).toMatchObject({ kind: 'found', origin: 'searchPath' });
  });
});

describe('running a program', () => {
  const lines: string[] = [];
  const run = (signal = new AbortController().signal): ReturnType<typeof runner> =>
    runner(process.env.PATH ?? '', signal, (line) => lines.push(line));

  it('gives what it wrote', async () => {
    expect(await run()('printf', ['%s', 'a b; echo c'])).toBe('a b; echo c');
    expect(lines.at(-1)).toBe('printf %s a b; echo c');
  });

  it('is done in the home folder, not in one that is open', async () => {
    expect((await run()('pwd', ['-P'])).trim()).toBe(realpathSync(homedir()));
  });

  it('fails with what it complained of', async () => {
    await expect(run()('sh', ['-c', 'echo broken >&2; exit 3'])).rejects.toThrow(/^broken$/);
    await expect(run()('no-such-program-there', [])).rejects.toThrow(/ENOENT/);
  });

  it('can be stopped', async () => {
    const stop = new AbortController();
    const running = run(stop.signal)('sleep', ['60']);
    stop.abort();
    await expect(running).rejects.toThrow(/abort/i);
  });
});

describe("the Python extension's environment", () => {
  const environments = {
    getActiveEnvironmentPath: () => ({ path: '/env/bin/python' }),
    resolveEnvironment: () => Promise.resolve({ executable: { sysPrefix: '/env' } }),
  };

  afterEach(() => {
    extensions.getExtension = () => undefined;
    vi.useRealTimers();
  });

  it('is none without that extension', async () => {
    expect(await pythonEnvironment()).toBeUndefined();
  });

  it('is the one that is chosen', async () => {
    extensions.getExtension = () => ({ isActive: true, exports: { environments } });
    expect(await pythonEnvironment()).toBe('/env');
    extensions.getExtension = () => ({ isActive: false, activate: () => Promise.resolve({ environments }) });
    expect(await pythonEnvironment()).toBe('/env');
  });

  it('is none where that extension fails or does not answer', async () => {
    extensions.getExtension = () => ({ isActive: false, activate: () => Promise.reject(new Error('broken')) });
    expect(await pythonEnvironment()).toBeUndefined();
    vi.useFakeTimers();
    extensions.getExtension = () => ({ isActive: false, activate: () => new Promise(() => undefined) });
    const asked = pythonEnvironment();
    await vi.advanceTimersByTimeAsync(3000);
    expect(await asked).toBeUndefined();
  });
});
