/** A short run of the fuzzer, always with the same seed. */

import { expect, test } from 'vitest';
import { runFuzz } from './run-fuzz.ts';
import { suites } from './suites.ts';

test.each(Object.keys(suites))(
  '%s: half a minute finds nothing',
  async suite => {
    expect(await runFuzz(suite, '--minutes', '0.5', '--seed', '1')).toMatch(/, 0 findings\n$/);
  },
  120_000,
);
