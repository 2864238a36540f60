/**
 * The cases of gRPC's interoperability tests that are about a server, by their names there, with grpc-js
 * as the client. What no server of Usher's has is left out: streams of requests with one answer, answers
 * that are compressed, metadata of answers, and cases about credentials, caches and other clouds.
 */

import { once } from 'node:events';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  type CallOptions,
  Client,
  type ClientDuplexStream,
  type ClientOptions,
  compressionAlgorithms,
  credentials,
  Metadata,
  type ServiceError,
  status,
} from '@grpc/grpc-js';
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest';
import type { GrpcListener } from '../../../src/transport/rpc/grpc-listener.ts';
import { defaultLimits } from '../../limits.ts';
import { engines } from './engines.ts';
import { type Delivery, interopBinding, interopMethod, type Order } from './interop-service.ts';

/** Forty large calls at a time are beyond the default limits. */
const roomy = {
  ...defaultLimits.grpc,
  receiveBytesMax: 4_194_304,
  sendBytesMax: 4_194_304,
  requestBytesMax: 2 ** 27,
  unread: { connectionBytesMax: 2 ** 27, processBytesMax: 2 ** 28 },
};

describe.each(engines)('$engine', ({ createListener }) => {
  const bugs: unknown[] = [];
  let listener: GrpcListener;
  let port = 0;

  beforeAll(async () => {
    listener = createListener({
      bindings: [interopBinding],
      limits: roomy,
      onBug: bug => bugs.push(bug),
    });
    port = (await listener.listen({ host: '127.0.0.1', port: 0 })).port;
  });
  afterAll(async () => {
    await listener.stop(5000);
    expect(bugs).toEqual([]);
  });

  /** A channel that ends with its test. */
  function channel(options: ClientOptions = {}): Client {
    const client = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), options);
    onTestFinished(() => client.close());
    return client;
  }

  const functionsOf = (name: string) => {
    const { input, output } = interopMethod(name);
    return {
      path: `/interop.Interop/${name}`,
      write: (order: Partial<Order>) =>
        Buffer.from(toBinary(input, create(input, order as Record<string, unknown>))),
      read: (bytes: Buffer) => fromBinary(output, bytes) as unknown as Delivery,
    };
  };

  function unary(
    client: Client,
    order: Partial<Order>,
    metadata = new Metadata(),
    options: CallOptions = {},
    path = '',
  ): Promise<Delivery> {
    const functions = functionsOf('Unary');
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        path || functions.path,
        functions.write,
        functions.read,
        order,
        metadata,
        options,
        (error, answer) => (error ? reject(error) : resolve(answer as Delivery)),
      );
    });
  }

  type Duplex = ClientDuplexStream<Partial<Order>, Delivery>;
  const duplex = (client: Client, metadata = new Metadata(), options: CallOptions = {}): Duplex => {
    const { path, write, read } = functionsOf('Duplex');
    return client.makeBidiStreamRequest(path, write, read, metadata, options);
  };

  /** How a stream ended, and the sizes of its answers. */
  async function outcome(stream: Pick<Duplex, 'on'>) {
    const sizes: number[] = [];
    stream.on('data', ({ payload }: Delivery) => sizes.push(payload.length));
    stream.on('error', () => undefined);
    const { code, details } = await new Promise<ServiceError>(resolve => {
      stream.on('status', ended => resolve(ended as ServiceError));
    });
    return { sizes, code, details };
  }

  const failure = (call: Promise<unknown>) =>
    call.then(
      () => expect.fail('the call succeeded'),
      ({ code, details }: ServiceError) => ({ code, details }),
    );

  const large = { payload: new Uint8Array(271_828), sizes: [314_159] };
  const turns = [
    { payload: new Uint8Array(27_182), sizes: [31_415] },
    { payload: new Uint8Array(8), sizes: [9] },
    { payload: new Uint8Array(1828), sizes: [2653] },
    { payload: new Uint8Array(45_904), sizes: [58_979] },
  ];
  const sizes = turns.flatMap(turn => turn.sizes);
  const text = 'an error of the test';

  test('empty_unary', async () => {
    expect((await unary(channel(), {})).payload).toHaveLength(0);
  });

  test('large_unary', async () => {
    expect((await unary(channel(), large)).payload).toHaveLength(314_159);
  });

  test('client_compressed_unary', async () => {
    for (const algorithm of [compressionAlgorithms.gzip, compressionAlgorithms.deflate]) {
      const client = channel({ 'grpc.default_compression_algorithm': algorithm });
      expect((await unary(client, large)).payload).toHaveLength(314_159);
    }
  });

  test('client_compressed_streaming', async () => {
    const gzip = { 'grpc.default_compression_algorithm': compressionAlgorithms.gzip };
    const stream = duplex(channel(gzip));
    for (const turn of turns) stream.write(turn);
    stream.end();
    expect(await outcome(stream)).toMatchObject({ code: status.OK, sizes });
  });

  test('server_streaming', async () => {
    const { path, write, read } = functionsOf('Answers');
    const stream = channel().makeServerStreamRequest(path, write, read, { sizes });
    expect(await outcome(stream as unknown as Duplex)).toMatchObject({ code: status.OK, sizes });
  });

  test('ping_pong', async () => {
    const stream = duplex(channel());
    const ended = outcome(stream);
    for (const turn of turns) {
      const answered = once(stream, 'data');
      stream.write(turn);
      await answered;
    }
    stream.end();
    expect(await ended).toMatchObject({ code: status.OK, sizes });
  });

  test('empty_stream', async () => {
    const stream = duplex(channel());
    stream.end();
    expect(await outcome(stream)).toMatchObject({ code: status.OK, sizes: [] });
  });

  test('custom_metadata, as far as a server reads it', async () => {
    const metadata = new Metadata();
    metadata.set('x-text', 'a value');
    metadata.set('x-bytes-bin', Buffer.of(0xab, 0xab, 0xab));
    const seen = ['a value', Buffer.of(0xab, 0xab, 0xab).toString('base64')];
    expect((await unary(channel(), large, metadata)).seen).toEqual(seen);
    const stream = duplex(channel(), metadata);
    const ended = outcome(stream);
    const answered = once(stream, 'data');
    stream.write(large);
    stream.end();
    expect((await answered)[0]).toMatchObject({ seen });
    expect(await ended).toMatchObject({ code: status.OK });
  });

  test('status_code_and_message', async () => {
    const order = { status: 'FAILED_PRECONDITION', text };
    const wanted = { code: status.FAILED_PRECONDITION, details: text };
    expect(await failure(unary(channel(), order))).toEqual(wanted);
    const stream = duplex(channel());
    stream.write(order);
    stream.end();
    expect(await outcome(stream)).toMatchObject(wanted);
  });

  test('special_status_message', async () => {
    const special = '\t\nblanks, 100 %,\r\nΔ and 🦉, and more blanks\t\n';
    const order = { status: 'FAILED_PRECONDITION', text: special };
    expect(await failure(unary(channel(), order))).toMatchObject({ details: special });
  });

  test('unimplemented_method', async () => {
    const call = unary(channel(), {}, undefined, {}, '/interop.Interop/Unknown');
    expect(await failure(call)).toMatchObject({ code: status.UNIMPLEMENTED });
  });

  test('unimplemented_service', async () => {
    const call = unary(channel(), {}, undefined, {}, '/interop.Unknown/Unary');
    expect(await failure(call)).toMatchObject({ code: status.UNIMPLEMENTED });
  });

  test('cancel_after_begin', async () => {
    const stream = duplex(channel());
    stream.cancel();
    expect(await outcome(stream)).toMatchObject({ code: status.CANCELLED, sizes: [] });
  });

  test('cancel_after_first_response', async () => {
    const stream = duplex(channel());
    const ended = outcome(stream);
    const answered = once(stream, 'data');
    stream.write(turns[0] as Order);
    await answered;
    stream.cancel();
    expect(await ended).toMatchObject({ code: status.CANCELLED, sizes: [31_415] });
  });

  test('timeout_on_sleeping_server', async () => {
    const stream = duplex(channel(), undefined, { deadline: Date.now() + 1 });
    stream.write({ payload: new Uint8Array(27_182) });
    expect(await outcome(stream)).toMatchObject({ code: status.DEADLINE_EXCEEDED });
  });

  test('concurrent_large_unary, forty at a time', async () => {
    const client = channel();
    const calls = Array.from({ length: 40 }, () => unary(client, large));
    const lengths = (await Promise.all(calls)).map(({ payload }) => payload.length);
    expect(new Set(lengths)).toEqual(new Set([314_159]));
  });

  test('rpc_soak and channel_soak, briefly', async () => {
    const one = channel();
    for (let n = 0; n < 20; n++) {
      expect((await unary(one, large)).payload).toHaveLength(314_159);
      const other = new Client(`127.0.0.1:${port}`, credentials.createInsecure(), {
        'grpc.use_local_subchannel_pool': 1,
      });
      expect((await unary(other, large)).payload).toHaveLength(314_159);
      other.close();
    }
  });
});
