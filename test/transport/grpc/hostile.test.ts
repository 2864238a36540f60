/** Hostile and broken callers of the gRPC port, on both engines: none can stop the server. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { connect as connectTcp, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { clampGrpcTimeout } from '../../../src/transport/rpc/grpc-timeout.ts';
import { defaultLimits } from '../../limits.ts';
import { verifierBinding } from '../fakes.ts';
import { engines } from './engines.ts';

const verifyPath = '/usher.v1.VerifierService/Verify';
const good = { authorization: 'good' };
const ok = { 'grpc-status': '0' };

/** A length-prefixed message. */
const frame = (body: Buffer = Buffer.alloc(0), compressed = 0, length = body.length) => {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, body]);
};

/** One raw call; resolves with all headers and trailers, or with the reset code. */
async function call(
  on: ClientHttp2Session,
  path: string,
  headers: Record<string, string | string[]>,
  body: Buffer | undefined,
): Promise<Record<string, unknown>> {
  const stream = on.request({
    ':method': 'POST',
    ':path': path,
    'content-type': 'application/grpc',
    te: 'trailers',
    ...headers,
  });
  const answer: Record<string, unknown> = {};
  stream.on('response', head => Object.assign(answer, head));
  stream.on('trailers', trailers => Object.assign(answer, trailers));
  stream.on('error', () => {});
  if (body) stream.end(body);
  stream.resume();
  await once(stream, 'close').catch(() => {});
  return { ...answer, reset: stream.rstCode };
}

describe.each(engines)('$engine', ({ createListener }) => {
  const bugs: unknown[] = [];
  const listener = createListener({
    bindings: [verifierBinding()],
    limits: {
      ...defaultLimits.grpc,
      prefaceMs: 200,
      deadlineMs: 1500,
      connectionsMax: 20,
      receiveBytesMax: 65_536,
    },
    onBug: error => bugs.push(error),
  });
  let port: number;
  let session: ClientHttp2Session;

  beforeAll(async () => {
    ({ port } = await listener.listen({ host: '127.0.0.1', port: 0 }));
  });

  beforeEach(() => {
    session = connect(`http://127.0.0.1:${port}`);
    session.on('error', () => {});
  });

  afterEach(async () => {
    // After each test the server must still answer.
    const other = connect(`http://127.0.0.1:${port}`);
    expect(await call(other, '/usher.v1.VerifierService/Hello', good, frame())).toMatchObject(ok);
    other.close();
    session.destroy();
    expect(bugs).toEqual([]);
  });

  afterAll(async () => {
    await listener.stop(5_000);
    expect(listener.connections()).toBe(0);
  });

  describe('deadlines', () => {
    test.each(['600H', '99999999H', '99999999M', '1S', '500m'])('takes %s', async timeout => {
      const headers = { ...good, 'grpc-timeout': timeout };
      const answer = await call(session, '/usher.v1.VerifierService/Hello', headers, frame());
      expect(answer).toMatchObject(ok);
    });

    test.each(['xx5Syy', '', '-1S', '5', '1234567890123456S'])('refuses %j', async timeout => {
      const answer = await call(session, verifyPath, { 'grpc-timeout': timeout }, frame());
      expect(answer).toMatchObject({ 'grpc-status': '13' });
    });

    test('are cut to what the server allows, and keep their unit', () => {
      expect(clampGrpcTimeout('600H', 30_000)).toBe('30000m');
      expect(clampGrpcTimeout('29S', 30_000)).toBe('29S');
      expect(clampGrpcTimeout('99999999H', 2_147_483_647)).toBe('2147483S');
      expect(clampGrpcTimeout('5n', 30_000)).toBe('5n');
      expect(clampGrpcTimeout('2147483647m', 2_147_483_647)).toBe('2147483S');
      expect(clampGrpcTimeout('000000005S', 30_000)).toBe('5000m');
    });

    test('end a call that sends headers and no body', async () => {
      const stream = session.request({
        ':method': 'POST',
        ':path': verifyPath,
        'content-type': 'application/grpc',
      });
      const [headers] = await once(stream, 'response');
      expect(headers['grpc-status']).toBe('4');
      stream.close();
    });
  });

  describe('requests', () => {
    test('that are not a message are INVALID_ARGUMENT', async () => {
      for (const bytes of ['ff', '0a05', '0a02c328', '0b'.repeat(1000)]) {
        const answer = await call(session, verifyPath, {}, frame(Buffer.from(bytes, 'hex')));
        expect(answer).toMatchObject({ 'grpc-status': '3' });
      }
    });

    test.each([
      ['nothing', Buffer.alloc(0), '12'],
      ['a truncated message', frame(Buffer.from('0a'), 0, 100), '12'],
      ['two messages', Buffer.concat([frame(), frame()]), '12'],
      ['one that is too long', frame(Buffer.alloc(70_000)), '8'],
      ['one that claims 4 GiB', frame(Buffer.alloc(9), 0, 0xffffffff), '8'],
      ['a compressed one that is none', frame(Buffer.from('nope'), 1), '13'],
    ])('with %s fail', async (_name, body, expected) => {
      const headers = { 'grpc-encoding': 'gzip' };
      expect(await call(session, verifyPath, headers, body)).toMatchObject({
        'grpc-status': expected,
      });
    });

    test('that unpack to more than the limit are RESOURCE_EXHAUSTED', async () => {
      const bomb = gzipSync(Buffer.alloc(50_000_000));
      const headers = { 'grpc-encoding': 'gzip' };
      expect(await call(session, verifyPath, headers, frame(bomb, 1))).toMatchObject({
        'grpc-status': '8',
      });
    });

    test('nested without end are refused', async () => {
      // IssueJwtRequest.claims → Struct.fields → value → struct_value → …
      let nested = Buffer.alloc(0);
      const wrap = (tag: number, body: Buffer) => {
        const length = [];
        for (let rest = body.length; ; rest >>>= 7) {
          length.push(rest > 127 ? (rest & 127) | 128 : rest);
          if (rest <= 127) break;
        }
        return Buffer.concat([Buffer.from([tag, ...length]), body]);
      };
      while (nested.length < 60_000) nested = wrap(0x0a, wrap(0x12, wrap(0x2a, nested)));
      const path = '/usher.v1.VerifierService/IssueJwt';
      expect(await call(session, path, good, frame(wrap(0x2a, nested)))).toMatchObject({
        'grpc-status': '3',
      });
    });

    test('with 70 kB of headers are reset', async () => {
      const answer = await call(session, verifyPath, { 'x-long': 'x'.repeat(70_000) }, frame());
      expect(answer).not.toMatchObject(ok);
    });

    test('with two authorization headers are malformed', async () => {
      // By default, Node's own client sends only one.
      const options = { maxSessionMemory: 10, strictSingleValueFields: false };
      const lax = connect(`http://127.0.0.1:${port}`, options);
      const stream = lax.request([
        ...[':method', 'POST', ':path', '/usher.v1.VerifierService/Hello'],
        ...[':scheme', 'http', ':authority', 'localhost', 'content-type', 'application/grpc'],
        ...['authorization', 'good', 'authorization', 'good'],
      ]);
      stream.end(frame());
      const [headers] = await once(stream, 'response');
      lax.destroy();
      expect(headers['grpc-message']).toBe('authorization%20header%20is%20malformed');
    });

    test.each(['[', 'a b', 'a:99999', '', 'ä'])(
      'with :authority %j are answered',
      async authority => {
        const path = '/usher.v1.VerifierService/Hello';
        const answer = await call(session, path, { ':authority': authority, ...good }, frame());
        expect([0, constants.NGHTTP2_PROTOCOL_ERROR]).toContain(answer.reset);
      },
    );

    test('to unknown methods are UNIMPLEMENTED, whatever the path holds', async () => {
      for (const path of ['/nobody/Nothing', '/', '/%ff', '/ä b']) {
        const { 'grpc-status': code, reset } = await call(session, path, {}, frame());
        expect(code === '12' || reset === constants.NGHTTP2_PROTOCOL_ERROR).toBe(true);
      }
    });

    test('of another content type are refused', async () => {
      const answer = await call(session, verifyPath, { 'content-type': 'text/plain' }, frame());
      expect(answer).toMatchObject({ ':status': 415 });
    });
  });

  describe('connections', () => {
    const open = async (bytes: string) => {
      const socket = connectTcp(port, '127.0.0.1');
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

    test('beyond the limit are dropped', async () => {
      const sockets = await Promise.all(Array.from({ length: 25 }, () => open('')));
      await Promise.all(sockets.map(closed));
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
});
