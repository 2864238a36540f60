/** Work in the background logs what it could not do, and not that the store is down: that is said once. */

import { expect, test } from 'vitest';
import { logFailures } from '../../src/server/log-failures.ts';
import { healthSwitch } from '../../src/store/health.ts';
import { Unavailable } from '../../src/store/store.ts';

test('what fails since the store is down, or takes no changes, adds no line', () => {
  const health = healthSwitch('no answer');
  const lines: [fields: object, text: string][] = [];
  const failed = logFailures((fields, text) => lines.push([fields, text]), health);
  const away = new Unavailable('Redis did not answer');
  const bug = new TypeError('a bug');
  failed(away, 'not told');
  expect(lines).toEqual([]);
  failed(bug, 'not told', { jobId: 'one' });
  expect(lines).toEqual([[{ jobId: 'one', error: bug }, 'not told']]);
  health.setFault(undefined);
  health.degrade('changes', 'the memory is full');
  failed(away, 'not told');
  expect(lines).toHaveLength(1);
  health.degrade('changes', undefined);
  health.degrade('clock', 'behind');
  failed(away, 'not told');
  expect(lines.at(-1)).toEqual([{ error: away }, 'not told']);
});
