/**
 * Tests inside the real extension host: the editor calls `run`, which gives the files beside this one to Mocha.
 *
 * They ask the editor's own API, with the real server behind the extension and a simulated provider behind the server.
 * Not here: what a user sees and presses (`tests/clients/test_vscode_*.py`).
 */

import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import Mocha from 'mocha';

/** Milliseconds until a test counts as stuck, on a busy machine. */
const STUCK = 60_000;

/** Runs all tests. Rejects with the failures, where there are any. */
export async function run(): Promise<void> {
  const mocha = new Mocha({ ui: 'bdd', timeout: STUCK, forbidOnly: true, forbidPending: true });
  mocha.grep(new RegExp(process.env.CACHEWISE_TESTS_ONLY ?? ''));
  for (const name of readdirSync(__dirname)) {
    if (name.endsWith('.test.cjs')) {
      mocha.addFile(join(__dirname, name));
    }
  }
  const failures: string[] = [];
  let passed = 0;
  await new Promise<void>((resolve) => {
    mocha
      .run(() => {
        resolve();
      })
      .on('pass', (test) => {
        passed += 1;
        // eslint-disable-next-line no-console -- read by the test that started this editor
        console.log(`passed: ${test.fullTitle()}`);
      })
      .on('fail', (test, error: unknown) => {
        failures.push(`${test.fullTitle()}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
      });
  });
  if (failures.length > 0 || passed === 0) {
    throw new Error(`${passed} tests passed, these did not:\n${failures.join('\n')}`);
  }
}
