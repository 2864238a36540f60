/** Streams that a caller leaves half-open are closed; other streams are not. */

import { once } from 'node:events';
import { connect, createServer, type ServerHttp2Stream } from 'node:http2';
import type { AddressInfo } from 'node:net';
import { expect, test } from 'vitest';
import { closeHalfOpen } from '../../../src/transport/grpc/half-open.ts';

test('a stream that is still open at the second sweep is closed', async () => {
  const watch = closeHalfOpen(3_600_000);
  const server = createServer();
  server.on('stream', (stream: ServerHttp2Stream) => {
    watch.add(stream);
    stream.on('error', () => {});
    // Like grpc-js. Node itself closes a stream that is not read.
    stream.resume();
    stream.respond({ ':status': 200 }, { endStream: true });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const session = connect(`http://127.0.0.1:${(server.address() as AddressInfo).port}`);
  const open = async () => {
    const stream = session.request({ ':method': 'POST' });
    stream.on('error', () => {});
    stream.resume();
    await once(stream, 'response');
    return stream;
  };
  const first = await open();
  watch.sweep();
  const second = await open();
  const closed = once(first, 'close');
  watch.sweep();
  await closed;
  expect(second.closed).toBe(false);
  second.end();
  await once(second, 'close');
  watch.stop();
  session.destroy();
  server.close();
});
