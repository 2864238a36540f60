/** The lines about refused tokens are bounded. */

import { expect, test } from 'vitest';
import { createRefusalLog } from '../../src/server/refusal-log.ts';
import type { Denied } from '../../src/verify/verdict.ts';

test('so many a second, and the next line has the number of the others', () => {
  const lines: Record<string, unknown>[] = [];
  const clock = { ms: 0 };
  const logRefusal = createRefusalLog({
    log: { info: (line: Record<string, unknown>) => void lines.push(line) } as never,
    perSecondMax: 2,
    monotonicMs: () => clock.ms,
    scopes: { requestId: () => undefined },
  });
  const verdict: Denied = { valid: false, reason: 'INVALID_TOKEN', stale: false };
  const refuse = () => logRefusal({ verdict, door: 'grpc', source: '', caller: 'web' });
  for (let n = 0; n < 7; n++) refuse();
  expect(lines).toHaveLength(2);
  expect(lines[0]).toEqual({
    ...{ reason: 'INVALID_TOKEN', kind: 'unknown', door: 'grpc', caller: 'web' },
    requestId: undefined,
  });
  clock.ms = 999;
  refuse();
  expect(lines).toHaveLength(2);
  clock.ms = 1000;
  refuse();
  refuse();
  expect(lines.slice(2)).toMatchObject([{ skipped: 6 }, {}]);
  expect(lines[3]).not.toHaveProperty('skipped');
});
