/**
 * Installing the server into the extension's own folder: with `uv` where it is there, else with Python's `venv`. First
 * from the wheels that came with the extension, without any network; only if that is not enough, from the index that
 * uv and pip use anyway.
 *
 * Pure but for `run`. Not here: asking the user and showing progress (`offer_install.ts`).
 */

import * as path from 'node:path';

/** Runs a program to its end; rejects with the last lines that it wrote. Nothing of it passes a shell. */
export type Run = (program: string, args: string[]) => Promise<string>;

export interface Ground {
  /** The folder for the environment; what is there is replaced. */
  folder: string;
  /** The folder with wheels of this extension's own; undefined where it came without. */
  wheels: string | undefined;
  /** The version of the server that fits. */
  version: string;
  windows: boolean;
}

/** The oldest Python that the server runs on. */
export const OLDEST: readonly [number, number] = [3, 11];
const CHECK = 'import sys; print("%d.%d" % sys.version_info[:2])';

/** Installs the server. `step` is told what happens. */
export async function install(ground: Ground, run: Run, step: (message: string) => void): Promise<void> {
  const uv = await works(run, 'uv', ['--version']);
  step('environment');
  if (uv) {
    await run('uv', ['venv', '--clear', '--no-project', '--python', `>=${OLDEST.join('.')}`, ground.folder]);
  } else {
    await run(await python(ground, run), ['-m', 'venv', '--clear', ground.folder]);
  }
  const inside = path.join(ground.folder, ground.windows ? 'Scripts' : 'bin', ground.windows ? 'python.exe' : 'python');
  const pip = (more: string[]): Promise<string> =>
    uv
      ? run('uv', ['pip', 'install', '--python', inside, ...more])
      : run(inside, ['-I', '-m', 'pip', 'install', '--disable-pip-version-check', ...more]);
  const wanted = `cachewise==${ground.version}`;
  if (ground.wheels !== undefined) {
    step('wheels');
    try {
      await pip(['--no-index', '--find-links', ground.wheels, wanted]);
      return;
    } catch {
      // Some package is missing among the wheels, or none fits this machine: the index has the rest.
    }
  }
  step('index');
  await pip([...(ground.wheels === undefined ? [] : ['--find-links', ground.wheels]), wanted]);
}

/** A Python that is new enough. */
async function python(ground: Ground, run: Run): Promise<string> {
  const names = ground.windows ? ['py', 'python'] : ['python3', 'python3.14', 'python3.13', 'python3.12', 'python3.11'];
  for (const name of names) {
    try {
      const [major = 0, minor = 0] = (await run(name, ['-I', '-c', CHECK])).trim().split('.').map(Number);
      if (major > OLDEST[0] || (major === OLDEST[0] && minor >= OLDEST[1])) {
        return name;
      }
    } catch {
      // Not there; the next one may be.
    }
  }
  throw new Error(`Python ${OLDEST.join('.')} or newer is needed, or uv.`);
}

async function works(run: Run, program: string, args: string[]): Promise<boolean> {
  try {
    await run(program, args);
    return true;
  } catch {
    return false;
  }
}
