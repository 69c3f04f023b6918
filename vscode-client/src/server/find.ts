/**
 * Which program is the server: the setting, the Python extension's environment, the search path, or what was installed
 * by this extension, in that order. Pure; what is on the disk comes in as `Probe`.
 *
 * **Invariant:** as long as a folder is not trusted, nothing inside of it is run, whichever way it was found. Links are
 * followed before this is decided. Held by `test/unit/find.test.ts`.
 */

import * as path from 'node:path';

export interface Places {
  /** The setting `cachewise.server.path`; empty where it is not set. */
  setting: string;
  /** The folder of the Python environment that is chosen for the workspace, if any. */
  environment: string | undefined;
  /** The value of the environment variable PATH. */
  searchPath: string;
  /** The folder of this extension's own environment. */
  installed: string;
  /** The folders that are open. */
  folders: readonly string[];
  trusted: boolean;
  windows: boolean;
}

export interface Probe {
  /** Whether there is a file that can be run. */
  runs(file: string): Promise<boolean>;
  /** The file behind links; the file itself where there is none. */
  real(file: string): Promise<string>;
}

export type Origin = 'setting' | 'environment' | 'searchPath' | 'installed';

export type Found =
  | { kind: 'found'; program: string; origin: Origin }
  /** The setting names something that can't be used; nothing else is tried, since the user wanted that one. */
  | { kind: 'unusable'; program: string; reason: 'missing' | 'relative' | 'untrusted' }
  | { kind: 'none' };

/** Finds the server's program. */
export async function find(places: Places, probe: Probe): Promise<Found> {
  const flavour = places.windows ? path.win32 : path.posix;
  const program = places.windows ? 'cachewise.exe' : 'cachewise';
  const scripts = (folder: string): string => flavour.join(folder, places.windows ? 'Scripts' : 'bin', program);

  const wanted = places.setting.trim();
  if (wanted !== '') {
    if (!flavour.isAbsolute(wanted)) {
      return { kind: 'unusable', program: wanted, reason: 'relative' };
    }
    if (!(await allowed(wanted, places, probe, flavour))) {
      return { kind: 'unusable', program: wanted, reason: 'untrusted' };
    }
    return (await probe.runs(wanted))
      ? { kind: 'found', program: wanted, origin: 'setting' }
      : { kind: 'unusable', program: wanted, reason: 'missing' };
  }

  const candidates: [string, Origin][] = [];
  if (places.trusted && places.environment !== undefined) {
    candidates.push([scripts(places.environment), 'environment']);
  }
  for (const entry of places.searchPath.split(flavour.delimiter)) {
    candidates.push([flavour.join(entry, program), 'searchPath']);
  }
  candidates.push([scripts(places.installed), 'installed']);
  for (const [candidate, origin] of candidates) {
    // An entry of the search path that is relative, such as ".", would mean the folder that happens to be open.
    if (
      flavour.isAbsolute(candidate) &&
      (await probe.runs(candidate)) &&
      (await allowed(candidate, places, probe, flavour))
    ) {
      return { kind: 'found', program: candidate, origin };
    }
  }
  return { kind: 'none' };
}

/** The search path for programs that are run by name: without what is relative, or inside of a folder not trusted. */
export function safeSearchPath(places: Pick<Places, 'searchPath' | 'folders' | 'trusted' | 'windows'>): string {
  const flavour = places.windows ? path.win32 : path.posix;
  const { folders, trusted } = places;
  return places.searchPath
    .split(flavour.delimiter)
    .filter((entry) => flavour.isAbsolute(entry))
    .filter((entry) => trusted || !folders.some((folder) => inside(entry, folder, flavour)))
    .join(flavour.delimiter);
}

async function allowed(file: string, places: Places, probe: Probe, flavour: path.PlatformPath): Promise<boolean> {
  if (places.trusted) {
    return true;
  }
  const files = [file, await probe.real(file)];
  const folders = [...places.folders, ...(await Promise.all(places.folders.map((folder) => probe.real(folder))))];
  return !files.some((one) => folders.some((folder) => inside(one, folder, flavour)));
}

function inside(file: string, folder: string, flavour: path.PlatformPath): boolean {
  const way = flavour.relative(folder, file);
  return way === '' || (!way.startsWith('..') && !flavour.isAbsolute(way));
}
