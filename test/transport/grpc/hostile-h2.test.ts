/** Hostile and broken callers of the gRPC port by h2, which grpc-js leaves alone or reads in another way. */

import { once } from 'node:events';
import { connect as connectTcp, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import { clampGrpcTimeout } from '../../../src/transport/rpc/grpc-timeout.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { callAt, type Sent } from './protocol-call.ts';

const bugs: unknown[] = [];
const listener = createH2GrpcListener({
  bindings: [verifierBinding()],
  limits: { ...defaultLimits.grpc, prefaceMs: 200 },
  onBug: error => bugs.push(error),
});
let address: string;

beforeAll(async () => {
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  address = `127.0.0.1:${port}`;
});

afterEach(async () => {
  // After each test the server must still answer.
  const { headers } = await callAt(address);
  expect(headers['grpc-status']).toBe('0');
  expect(bugs).toEqual([]);
});

afterAll(async () => {
  await listener.stop(5_000);
  expect(listener.connections()).toBe(0);
});

describe('deadlines', () => {
  test.each(['xx5Syy', '', '-1S', '5', '1234567890123456S'])('refuses %j', async timeout => {
    const { headers } = await callAt(address, { others: [['grpc-timeout', timeout]] });
    expect(headers['grpc-status']).toBe('13');
  });

  test('are cut to what the server allows, and keep their unit', () => {
    expect(clampGrpcTimeout('600H', 30_000)).toBe('30000m');
    expect(clampGrpcTimeout('29S', 30_000)).toBe('29S');
    expect(clampGrpcTimeout('99999999H', 2_147_483_647)).toBe('2147483S');
    expect(clampGrpcTimeout('5n', 30_000)).toBe('5n');
    expect(clampGrpcTimeout('2147483647m', 2_147_483_647)).toBe('2147483S');
    expect(clampGrpcTimeout('000000005S', 30_000)).toBe('5000m');
  });
});

test('two authorization headers are malformed', async () => {
  const { headers } = await callAt(address, { others: [['authorization', 'good']] });
  expect(headers['grpc-message']).toBe('authorization%20header%20is%20malformed');
});

test.each<[string, Sent]>([
  ['path', { path: `/${'x'.repeat(3000)}` }],
  ['content type', { type: `text/${'x'.repeat(3000)}` }],
  ['encoding', { others: [['grpc-encoding', 'x'.repeat(3000)]] }],
  ['deadline', { others: [['grpc-timeout', '1'.repeat(3000)]] }],
  ['id', { path: '/none', others: [['x-request-id', 'x'.repeat(3000)]] }],
])(
  'the answer to a long %s is short: HPACK makes some bytes of it when it is sent again',
  async (_, sent) => {
    const { headers, body } = await callAt(address, sent);
    const length = Object.entries(headers).flat().join('').length + body.length;
    expect(headers['grpc-status']).not.toBe('0');
    expect(length).toBeLessThan(300);
  },
);

describe('connections', () => {
  const open = async (bytes: string) => {
    const socket = connectTcp(Number(address.split(':')[1]), '127.0.0.1');
    socket.on('error', () => {});
    await once(socket, 'connect');
    socket.write(bytes, 'latin1');
    return socket;
  };
  const closed = (socket: Socket) => {
    socket.resume();
    return socket.closed ? Promise.resolve() : once(socket, 'close');
  };

  test.each(['GET / HTTP/1.1\r\nHost: x\r\n\r\n', 'PRI * HTTP/1.1\r\n\r\n', '\x16\x03\x01\x00'])(
    'without HTTP/2 get an error: %j',
    async bytes => {
      const answer = await text(await open(bytes));
      expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
      expect(answer).toMatch(
        /\r\n\r\n{"error":"this is the gRPC port: it speaks HTTP\/2 only"}\n$/,
      );
    },
  );

  test.each(['', 'PRI * HTTP/2.0\r\n'])('that are slow to begin are closed: %j', async bytes => {
    await closed(await open(bytes));
  });

  test('may send the preface in pieces', async () => {
    const socket = await open('PRI * HTTP/2.0');
    await new Promise<void>(resolve => socket.write('\r\n\r\nSM\r\n\r\n', () => resolve()));
    socket.write(Buffer.from('000000040000000000', 'hex'));
    const [settings] = await once(socket, 'data');
    expect(settings[3]).toBe(4);
    socket.destroy();
  });
});
