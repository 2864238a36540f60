/** Hostile and broken callers of the gRPC port, on both engines: none can stop the server. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect, constants } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
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

describe.each(engines)('$engine', ({ engine, createListener }) => {
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
    // As in hostile-streams.test.ts: with grpc-js these expire at once.
    const farAway = engine === 'h2' ? ['600H', '99999999H', '99999999M'] : [];
    test.each([...farAway, '1S', '500m'])('takes %s', async timeout => {
      const headers = { ...good, 'grpc-timeout': timeout };
      const answer = await call(session, '/usher.v1.VerifierService/Hello', headers, frame());
      expect(answer).toMatchObject(ok);
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
});
