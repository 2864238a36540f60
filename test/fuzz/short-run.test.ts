/** A short run of the fuzzer, always with the same changes, and of its own promises. */

import { execFile } from 'node:child_process';
import { resolve } from 'node:path';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { suites } from './suites.ts';

const run = promisify(execFile);
const main = resolve(import.meta.dirname, 'main.ts');

test.each(Object.keys(suites))(
  '%s: half a minute finds nothing',
  async suite => {
    const { stdout } = await run(process.execPath, [
      main,
      suite,
      '--minutes',
      '0.5',
      '--seed',
      '1',
    ]);
    expect(stdout).toMatch(/, 0 findings\n$/);
  },
  120_000,
);
