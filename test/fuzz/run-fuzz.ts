/** Runs the fuzzer as its command does. */

import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** What it printed; rejects if it found something. */
export async function runFuzz(...args: string[]): Promise<string> {
  const { stdout } = await run(process.execPath, [join(import.meta.dirname, 'main.ts'), ...args]);
  return stdout;
}
