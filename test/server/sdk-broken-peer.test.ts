/** A peer that breaks HTTP/2 makes verdicts unavailable; it does not end the process of the caller. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const client = fileURLToPath(new URL('../../src/client/node.ts', import.meta.url));

test('over gRPC, calls that come while a connection breaks', async () => {
  // It sends back what it gets, as a port does that was connected to itself.
  const peer = createServer(socket => {
    socket.on('error', () => undefined);
    socket.on('data', bytes => socket.write(bytes));
  }).listen(0, '127.0.0.1');
  await once(peer, 'listening');
  const { port } = peer.address() as AddressInfo;
  const program = `
    import { createUsher } from ${JSON.stringify(client)};
    const usher = createUsher({ addresses: ['127.0.0.1:${port}'], deadlineMs: 500 });
    let failed = 0;
    const ask = () => usher.verify('a' + Math.random()).catch(({ name }) => {
      if (name === 'UsherUnavailable') failed++;
    });
    const calls = [];
    for (let turn = 0; turn < 400; turn++) {
      if (turn % 4 === 0) calls.push(ask());
      await new Promise(resolve => setImmediate(resolve));
    }
    await Promise.all(calls);
    usher.close();
    console.log(failed);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  const ended = new Promise(resolve => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  peer.close();
  expect({ out, err, code: await ended }).toEqual({ out: '100\n', err: '', code: 0 });
});
