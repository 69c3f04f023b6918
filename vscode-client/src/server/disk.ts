/** What `find.ts` asks about the disk and the editor. */

import { constants } from 'node:fs';
import { access, realpath, stat } from 'node:fs/promises';
import * as vscode from 'vscode';
import type { Probe } from './find';

/** Milliseconds that the Python extension gets to start before the search goes on without it. */
const PYTHON_DEADLINE = 3000;

export const disk: Probe = {
  async runs(file) {
    try {
      await access(file, constants.X_OK);
      return (await stat(file)).isFile();
    } catch {
      return false;
    }
  },
  async real(file) {
    try {
      return await realpath(file);
    } catch {
      return file;
    }
  },
};

/** The parts of the Python extension's interface that are used here. */
interface PythonApi {
  environments: {
    getActiveEnvironmentPath(resource?: vscode.Uri): { path: string };
    resolveEnvironment(path: object): Promise<{ executable: { sysPrefix: string } } | undefined>;
  };
}

/** The folder of the environment that the Python extension has chosen; undefined where there is none. */
export async function pythonEnvironment(): Promise<string | undefined> {
  const python = vscode.extensions.getExtension<PythonApi>('ms-python.python');
  if (python === undefined) {
    return undefined;
  }
  const asked = (async () => {
    const api = python.isActive ? python.exports : await python.activate();
    const chosen = api.environments.getActiveEnvironmentPath(vscode.workspace.workspaceFolders?.[0]?.uri);
    return (await api.environments.resolveEnvironment(chosen))?.executable.sysPrefix;
  })();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(resolve, PYTHON_DEADLINE, undefined);
  });
  // Another extension's failure is no reason not to look further.
  return Promise.race([asked.catch(() => undefined), late]).finally(() => {
    clearTimeout(timer);
  });
}
