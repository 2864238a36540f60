/** A listener that cannot open its address: the error names the setting and what to do. */

import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { expect, test } from 'vitest';
import { listenProblem } from '../../src/server/listen-problem.ts';
import { StartError } from '../../src/settings/start-error.ts';

async function failure(host: string, port: number): Promise<unknown> {
  const server = createServer().listen(port, host);
  const [error] = await once(server, 'error');
  return listenProblem('USHER_HTTP_LISTEN', host, port, error);
}

test('a port that another program has', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  const problem = await failure('127.0.0.1', port);
  other.close();
  expect(problem).toEqual(
    new StartError(
      `port ${port} of 127.0.0.1 is in use by another program; stop that one, or name another ` +
        'port in USHER_HTTP_LISTEN',
    ),
  );
});

// 192.0.2.0/24 is for documentation (RFC 5737).
test('an address that the machine does not have', async () => {
  expect(await failure('192.0.2.1', 0)).toEqual(
    new StartError(
      'this machine has no address 192.0.2.1; name one that it has in USHER_HTTP_LISTEN',
    ),
  );
});

test.each([
  ['EACCES', /this user may not open port 80; name one from 1024 up in USHER_HTTP_LISTEN/],
  ['ENOTFOUND', /the host h cannot be resolved; correct it in USHER_HTTP_LISTEN/],
  ['EAI_AGAIN', /the host h cannot be resolved/],
])('%s', (code, expected) => {
  const error = Object.assign(new Error('x'), { code });
  expect(String(listenProblem('USHER_HTTP_LISTEN', 'h', 80, error))).toMatch(expected);
});

test('every other error stays what it is', () => {
  const error = new TypeError('a fault of Usher');
  expect(listenProblem('USHER_HTTP_LISTEN', 'h', 80, error)).toBe(error);
});
