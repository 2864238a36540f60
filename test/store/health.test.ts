/** Health of a store: state, reason, what is degraded, and the notification of each change. */

import { expect, test } from 'vitest';
import { healthSwitch } from '../../src/store/health.ts';

test('tells of each change once, and shows what is degraded beside it', () => {
  const health = healthSwitch('not yet');
  const seen: unknown[] = [];
  const stop = health.onChange(() => {
    seen.push([health.up, health.reason, health.degraded.map(({ what }) => what)]);
  });
  expect([health.up, health.reason, health.degraded]).toEqual([false, 'not yet', []]);
  health.setFault(undefined);
  health.setFault(undefined);
  health.degrade('clock', '2 s ahead');
  health.degrade('clock', '2 s ahead');
  health.degrade('changes', 'refused');
  health.degrade('clock', undefined);
  health.degrade('clock', undefined);
  health.setFault('gone');
  health.setFault('gone for another reason');
  expect(seen).toEqual([
    [true, undefined, []],
    [true, undefined, ['clock']],
    [true, undefined, ['changes', 'clock']],
    [true, undefined, ['changes']],
    [false, 'gone', []],
    [false, 'gone for another reason', []],
  ]);
  stop();
  health.setFault(undefined);
  expect(seen).toHaveLength(6);
});
