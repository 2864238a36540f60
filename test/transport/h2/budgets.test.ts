/** How often a peer may do what costs this server, and how much of a header block it may send. */

import { expect, test } from 'vitest';
import { Budgets } from '../../../src/transport/h2/budgets.ts';
import { ConnectionError, errorCodes } from '../../../src/transport/h2/frame.ts';
import { HeaderBlock } from '../../../src/transport/h2/header-block.ts';
import { roomyLimits } from './served.ts';

const fault = (run: () => void) => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(ConnectionError);
    const { code, fault: kind, message } = error as ConnectionError;
    return { code, kind, message };
  }
  return undefined;
};
const calm = errorCodes.enhanceYourCalm;

test('a burst is allowed, and as many more as time gives back', () => {
  const clock = { ms: 5000 };
  const pings = { burst: 3, perSecond: 2 };
  const budgets = new Budgets({ ...roomyLimits.rates, pings }, () => clock.ms);
  const spend = (times: number) => {
    for (let n = 0; n < times; n++) budgets.spend('pings');
  };
  const flood = { code: calm, kind: 'flood', message: 'too many pings' };
  spend(3);
  clock.ms += 500;
  spend(1);
  clock.ms += 499;
  expect(fault(() => spend(1))).toEqual(flood);
  // However long it was silent, it is a burst again and no more.
  clock.ms += 3_600_000;
  spend(3);
  expect(fault(() => spend(1))).toEqual(flood);
  // Each kind has a counter of its own.
  budgets.spend('resets');
  expect(fault(() => spend(1))).toEqual(flood);
});

test('a header block may be as long as the limit, and have as many frames', () => {
  const limits = { headerBlockBytesMax: 10, continuationsMax: 2 };
  const tooLong = { code: calm, kind: 'header-list', message: 'a header block is too long' };
  const bytes = Buffer.from('0123456789abcdef');
  const long = new HeaderBlock(1, true, limits);
  long.add(bytes, 0, 4);
  long.add(bytes, 4, 10);
  expect(long.join().toString()).toBe('0123456789');
  expect(fault(() => long.add(bytes, 10, 11))).toEqual(tooLong);
  const cut = new HeaderBlock(1, true, limits);
  for (let n = 0; n < 3; n++) cut.add(bytes, n, n + 1);
  expect(cut.join().toString()).toBe('012');
  expect(fault(() => cut.add(bytes, 3, 3))).toEqual(tooLong);
});
