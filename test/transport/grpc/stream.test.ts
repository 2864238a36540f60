/**
 * Streams over gRPC: the server notices a caller that is gone, and waits for one that reads slowly.
 */

import { create } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  StreamVerifyRequestSchema,
  StreamVerifyResponseSchema,
  VerifierService,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import type { GrpcListener } from '../../../src/transport/rpc/grpc-listener.ts';
import { bind, type Handlers } from '../../../src/transport/rpc/handlers.ts';
import { verifierHandlers } from '../../../src/transport/services/verifier.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierDeps } from '../fakes.ts';
import { bidi, clientOf } from './client.ts';
import { engines } from './engines.ts';

describe.each(engines)('$engine', ({ createListener }) => {
  type StreamVerify = Handlers<typeof VerifierService>['streamVerify'];

  const { streamVerify } = VerifierService.method;
  const message = create(StreamVerifyRequestSchema, { items: [{ id: 1n }] });
  const bugs: unknown[] = [];
  let handler: StreamVerify;
  let listener: GrpcListener;
  let client: Client;

  beforeEach(async () => {
    const handlers = {
      ...verifierHandlers(verifierDeps()),
      streamVerify: ((requests, call) => handler(requests, call)) as StreamVerify,
    };
    listener = createListener({
      bindings: [bind(VerifierService, handlers)],
      limits: defaultLimits.grpc,
      onBug: error => bugs.push(error),
    });
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    client = clientOf(port);
  });

  afterEach(async () => {
    client.close();
    await listener.stop(5_000);
    expect(listener.connections()).toBe(0);
    expect(bugs).toEqual([]);
  });

  test('a caller that cancels ends the requests and aborts the signal', async () => {
    const seen = Promise.withResolvers<void>();
    const aborted = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    handler = async function* (requests, { signal }) {
      signal.addEventListener('abort', () => aborted.resolve());
      for await (const _request of requests) {
        seen.resolve();
        yield create(StreamVerifyResponseSchema);
      }
      ended.resolve();
    };
    const stream = bidi(client, streamVerify);
    stream.on('error', () => {});
    stream.resume();
    stream.write(message);
    await seen.promise;
    stream.cancel();
    await Promise.all([ended.promise, aborted.promise]);
  });

  test('a caller that does not read pauses the handler', async () => {
    const size = 16_384;
    const most = 1_000;
    let made = 0;
    const stalled = Promise.withResolvers<void>();
    handler = async function* () {
      const item = { id: 1n, outcome: { case: 'unavailable' as const, value: 'x'.repeat(size) } };
      for (; made < most; made++) {
        yield create(StreamVerifyResponseSchema, { items: [item] });
        if (made === 20) stalled.resolve();
      }
    };
    const stream = bidi(client, streamVerify);
    await stalled.promise;
    // A call that is answered shows that the server had every chance to make more.
    handler = async function* () {
      yield create(StreamVerifyResponseSchema);
    };
    await bidi(client, streamVerify).toArray();
    expect(made).toBeLessThan(most);
    expect(await stream.toArray()).toHaveLength(most);
  });

  test('a handler that fails during a stream leaks nothing', async () => {
    handler = async function* () {
      yield create(StreamVerifyResponseSchema);
      throw new Error('secret');
    };
    const stream = bidi(client, streamVerify);
    await expect(stream.toArray()).rejects.toMatchObject({ code: 13, details: 'internal error' });
    expect(bugs.pop()).toMatchObject({ message: 'secret' });
  });
});
