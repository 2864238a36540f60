/** The verifier's streams over gRPC: real sockets, a grpc-js client. */

import { create } from '@bufbuild/protobuf';
import type { Client } from '@grpc/grpc-js';
import { status } from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import {
  StreamVerifyRequestSchema,
  type StreamVerifyResponse,
  VerifierService,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { bidi, clientOf, errorOf } from './client.ts';
import { engines } from './engines.ts';

describe.each(engines)('$engine', ({ createListener }) => {
  const listener = createListener({
    bindings: [verifierBinding()],
    limits: defaultLimits.grpc,
    onBug: () => {},
  });
  let client: Client;

  beforeAll(async () => {
    const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
    client = clientOf(port);
  });

  afterAll(async () => {
    client.close();
    await listener.stop(5_000);
    expect(listener.connections()).toBe(0);
  });

  const { streamVerify } = VerifierService.method;

  describe('StreamVerify', () => {
    const ask = (...headers: string[]) =>
      create(StreamVerifyRequestSchema, {
        items: headers.map((header, index) => ({ id: BigInt(index), request: { header } })),
      });

    test('answers each message with one, in order, and outlives an outage', async () => {
      const stream = bidi(client, streamVerify);
      const messages = [ask('good', 'down'), ask('EXPIRED'), ask('good')];
      for (const message of messages) stream.write(message);
      stream.end();
      const answers: StreamVerifyResponse[] = [];
      for await (const answer of stream) answers.push(answer as StreamVerifyResponse);
      const outcomes = answers.map(({ items }) =>
        items.map(({ id, outcome }) => [id, outcome.case]),
      );
      expect(outcomes).toEqual([
        [
          [0n, 'response'],
          [1n, 'unavailable'],
        ],
        [[0n, 'response']],
        [[0n, 'response']],
      ]);
    });

    test('answers hundreds of messages in order', async () => {
      const stream = bidi(client, streamVerify);
      const seen: bigint[] = [];
      const all = (async () => {
        for await (const { items } of stream) for (const { id } of items) seen.push(id);
      })();
      for (let id = 0n; id < 300n; id++) {
        stream.write(
          create(StreamVerifyRequestSchema, { items: [{ id, request: { header: 'good' } }] }),
        );
      }
      stream.end();
      await all;
      expect(seen).toEqual(Array.from({ length: 300 }, (_, index) => BigInt(index)));
    });

    test.each([
      [ask(), 'items: is empty'],
      [ask('a', 'b', 'c', 'd', 'e'), 'items: has more than 4 items'],
      [create(StreamVerifyRequestSchema, { items: [{ id: 1n }] }), 'items[0].request: is required'],
    ])('ends with INVALID_ARGUMENT', async (message, details) => {
      const stream = bidi(client, streamVerify);
      stream.write(message);
      const error = await errorOf(stream.toArray());
      expect(error).toMatchObject({ code: status.INVALID_ARGUMENT, details });
    });
  });
});
