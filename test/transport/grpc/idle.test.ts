/** Connections without calls are closed; connections with a call are not. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { engines } from './engines.ts';

describe.each(engines)('$engine', ({ createListener }) => {
  const listener = createListener({
    bindings: [verifierBinding()],
    limits: { ...defaultLimits.grpc, connectionIdleMs: 60 },
    onBug: () => {},
  });
  let port: number;

  beforeAll(async () => {
    ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
  });
  afterAll(async () => {
    await listener.stop(1000);
    expect(listener.connections()).toBe(0);
  });

  function session() {
    const opened = connect(`http://127.0.0.1:${port}`);
    opened.on('error', () => {});
    return opened;
  }

  const headers = { ':method': 'POST', 'content-type': 'application/grpc', te: 'trailers' };

  test('a connection without any call is closed', async () => {
    await once(session(), 'close');
  });

  test('a connection is closed some time after its last call, with GOAWAY', async () => {
    const caller = session();
    const goodbye = once(caller, 'goaway');
    const stream = caller.request({ ...headers, ':path': '/usher.v1.VerifierService/Hello' });
    stream.on('error', () => {});
    stream.resume().end(Buffer.alloc(5));
    await once(stream, 'close');
    await goodbye;
    await once(caller, 'close');
  });

  test('a connection with an open stream stays', async () => {
    const caller = session();
    const stream = caller.request({ ...headers, ':path': '/grpc.health.v1.Health/Watch' });
    stream.on('error', () => {});
    stream.resume().end(Buffer.alloc(5));
    await once(stream, 'response');
    // Another connection comes and goes meanwhile.
    await once(session(), 'close');
    await once(session(), 'close');
    expect(caller.closed).toBe(false);
    stream.close();
    await once(caller, 'close');
  });
});
