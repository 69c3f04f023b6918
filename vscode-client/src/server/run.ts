/** Running a program to its end, without a shell and never in a folder that is open. */

import { execFile } from 'node:child_process';
import { homedir } from 'node:os';
import type { Run } from './install';

/** Milliseconds; a first installation gets some hundred megabytes. */
const DEADLINE = 15 * 60_000;
/** Characters of an error that are told. */
const TOLD = 600;

/** A `Run` that ends its programs when `signal` says so. */
export function runner(searchPath: string, signal: AbortSignal, log: (line: string) => void): Run {
  return (program, args) =>
    new Promise((resolve, reject) => {
      log(`${program} ${args.join(' ')}`);
      execFile(
        program,
        args,
        { cwd: homedir(), env: { ...process.env, PATH: searchPath }, timeout: DEADLINE, signal, maxBuffer: 1 << 24 },
        (error, stdout, stderr) => {
          if (error === null) {
            resolve(stdout);
            return;
          }
          log(stderr);
          reject(new Error(stderr.trim().slice(-TOLD) || error.message));
        },
      );
    });
}
