/** Hostile and broken callers of streams. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { engines } from './engines.ts';

describe.each(engines)('$engine', ({ engine, createListener }) => {
  const listener = createListener({
    bindings: [verifierBinding()],
    limits: defaultLimits.grpc,
    onBug: () => {},
  });
  let port: number;

  beforeAll(async () => {
    ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
  });
  afterAll(() => listener.stop(5_000));

  /** The gRPC status of a stream of StreamVerify with this content. */
  async function statusOf(content: Buffer, headers: Record<string, string> = {}): Promise<unknown> {
    const session = connect(`http://127.0.0.1:${port}`);
    const stream = session.request({
      ':method': 'POST',
      ':path': '/usher.v1.VerifierService/StreamVerify',
      'content-type': 'application/grpc',
      te: 'trailers',
      ...headers,
    });
    const answer: Record<string, unknown> = {};
    stream.on('response', head => Object.assign(answer, head));
    stream.on('trailers', trailers => Object.assign(answer, trailers));
    stream.end(content).resume();
    await once(stream, 'close');
    session.close();
    return answer['grpc-status'];
  }

  // That of grpc-js expires at once, as docs/running.md says, or a moment after the answer.
  const farAway = engine === 'h2' ? ['600H', '99999999H'] : ['500H'];
  test.each(farAway)('a deadline of %s is cut to what a timer takes', async timeout => {
    expect(await statusOf(Buffer.alloc(0), { 'grpc-timeout': timeout })).toBe('0');
  });

  test('what is not a message ends a stream with INVALID_ARGUMENT', async () => {
    expect(await statusOf(Buffer.from('0000000001ff', 'hex'))).toBe('3');
  });
});
