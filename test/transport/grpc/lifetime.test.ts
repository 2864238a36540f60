/** When connections end, on both engines: without calls, at their age, and with a peer that is gone. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { type AddressInfo, connect as connectTcp, createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import type { GrpcLimits } from '../../../src/transport/rpc/grpc-limits.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { engines } from './engines.ts';

describe.each(engines)('$engine', ({ createListener }) => {
  const cleaning: (() => unknown)[] = [];
  afterEach(async () => {
    for (const clean of cleaning.splice(0).reverse()) await clean();
  });

  async function start(limits: Partial<GrpcLimits>) {
    const listener = createListener({
      bindings: [verifierBinding()],
      limits: { ...defaultLimits.grpc, ...limits },
      onBug: () => {},
    });
    cleaning.push(async () => {
      await listener.stop(1000);
      expect(listener.connections()).toBe(0);
    });
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    return { listener, port };
  }

  function caller(port: number): ClientHttp2Session {
    const session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
    cleaning.push(() => session.destroy());
    return session;
  }

  /** Calls a method with an empty message. */
  function request(session: ClientHttp2Session, path: string) {
    const headers = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };
    const stream = session.request({ ...headers, ':path': path });
    stream.on('error', () => {});
    return stream.resume().end(Buffer.alloc(5));
  }
  const hello = '/usher.v1.VerifierService/Hello';
  const watch = '/usher.v1.VerifierService/WatchInvalidations';

  test('a connection without any call is closed', async () => {
    const { port } = await start({ connectionIdleMs: 60 });
    await once(caller(port), 'close');
  });

  test('a connection is closed some time after its last call, with GOAWAY', async () => {
    const { port } = await start({ connectionIdleMs: 60 });
    const session = caller(port);
    const goodbye = once(session, 'goaway');
    await once(request(session, hello), 'close');
    await goodbye;
    await once(session, 'close');
  });

  test('a connection with an open stream stays', async () => {
    const { port } = await start({ connectionIdleMs: 60 });
    const session = caller(port);
    const stream = request(session, '/grpc.health.v1.Health/Watch');
    await once(stream, 'response');
    // Another connection comes and goes meanwhile.
    await once(caller(port), 'close');
    await once(caller(port), 'close');
    expect(session.closed).toBe(false);
    stream.close();
    await once(session, 'close');
  });

  test('a connection that answers no ping is closed', async () => {
    const { listener, port } = await start({ keepaliveMs: 50, keepaliveTimeoutMs: 100 });
    // Between the two, to be cut off in silence.
    const between = createServer(socket => {
      const onward = connectTcp(port, '127.0.0.1');
      socket.pipe(onward).pipe(socket);
      between.once('cut', () => socket.unpipe(onward));
    }).listen(0, '127.0.0.1');
    cleaning.push(() => between.close());
    await once(between, 'listening');
    const session = caller((between.address() as AddressInfo).port);
    await once(request(session, watch), 'response');
    between.emit('cut');
    while (listener.connections() > 0) await new Promise(resolve => setTimeout(resolve, 10));
  });

  test('an old connection gets a goodbye, and its calls end after the grace', async () => {
    // Old enough for the call to have begun, also where this process gets its turn late.
    const { port } = await start({ connectionAgeMs: 1500, connectionAgeGraceMs: 100 });
    const session = caller(port);
    const stream = request(session, watch);
    const seen: unknown[] = [];
    session.once('goaway', code => seen.push(code));
    stream.once('close', () => seen.push('close'));
    await once(stream, 'close');
    expect(seen).toEqual([constants.NGHTTP2_NO_ERROR, 'close']);
  });
});
