/** A short run of the fuzzer, always with the same seed. */

import { expect, test } from 'vitest';
import { runFuzz } from './run-fuzz.ts';
import { suites } from './suites.ts';

test.each(Object.keys(suites))(
  '%s: half a minute finds nothing',
  async suite => {
    const printed = await runFuzz(suite, '--minutes', '0.5', '--seed', '1');
    expect(printed).toMatch(/, 0 findings\n$/);
    // Without the counters in the code it would change inputs blindly.
    const [, taken, all] = /, (\d+) of (\d+) branches,/.exec(printed) ?? [];
    expect(Number(taken) / Number(all)).toBeGreaterThan(0.8);
  },
  120_000,
);
