/** An error that nothing caught is logged without what it holds, and ends the process. */

import { once } from 'node:events';
import { expect, onTestFinished, test } from 'vitest';
import { onSignal } from './throw-on-signal.ts';
import { startUsherProcess } from './usher-process.ts';

test.each([
  ['thrown in a callback', 'throw error'],
  ['of a promise that nothing awaits', 'Promise.reject(error)'],
])('%s', async (_, statement) => {
  const usher = await startUsherProcess({ NODE_OPTIONS: onSignal(statement) });
  onTestFinished(() => usher.remove());
  const exited = once(usher.child, 'exit');
  const logged = usher.logged('an error that nothing caught ends the process');
  usher.child.kill('SIGUSR2');
  expect(await logged).toMatchObject({ level: 'fatal', error: { message: 'odd' } });
  expect(await exited).toEqual([70, null]);
  expect(JSON.stringify(usher.log)).not.toContain('s3cret');
});
