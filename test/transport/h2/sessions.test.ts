/** Whole sessions: every cut of their bytes, and node:http2 as the other side. */

import { once } from 'node:events';
import { type ClientHttp2Session, connect } from 'node:http2';
import { createServer } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import { HpackDecoder } from '../../../src/transport/h2/hpack/decoder.ts';
import { encodeFields } from '../../../src/transport/h2/hpack/encoder.ts';
import { frame, fullSession, preface, rawPeer, settings } from './raw-peer.ts';
import { roomyLimits, type Served, serve } from './served.ts';

let served: Served;
beforeAll(async () => {
  served = await serve({ idleMs: 5000 });
});
afterAll(async () => {
  await served.stop();
  expect(served.bugs).toEqual([]);
});

const session = fullSession({ first: '/one', third: '/slowly', fifth: '/parts' });

/** What the server answers to the session, in these cuts. */
async function answerTo(chunks: Buffer[]): Promise<string> {
  const peer = await rawPeer(served.port);
  peer.socket.setNoDelay(true);
  for (const chunk of chunks) {
    await new Promise<void>(resolve => peer.socket.write(chunk, () => resolve()));
  }
  await peer.next(({ type, flag }) => type === 'ping' && flag === 1);
  peer.socket.destroy();
  return Buffer.concat(peer.received).toString('hex');
}

describe('every cut of a session gives the same answer', () => {
  test('byte by byte', async () => {
    expect(await answerTo([...session].map(byte => Buffer.of(byte)))).toBe(
      await answerTo([session]),
    );
  });

  test('in two', async () => {
    const whole = await answerTo([session]);
    const all = Array.from({ length: session.length - 1 }, (_, n) => n + 1);
    for (const at of all) {
      expect(await answerTo([session.subarray(0, at), session.subarray(at)])).toBe(whole);
    }
  });
});

const call = async (
  client: ClientHttp2Session,
  path: string,
  content: Buffer,
  headers: Record<string, string> = {},
) => {
  const stream = client.request({ ':method': 'POST', ':path': path, ...headers });
  let trailers: unknown;
  stream.on('trailers', got => {
    trailers = { ...got };
  });
  stream.end(content);
  const parts: Buffer[] = [];
  for await (const part of stream) parts.push(part);
  return { body: Buffer.concat(parts), trailers };
};

describe('node:http2 as a client', () => {
  test.each(['/prepared', '/slowly'])('gets all content, of any length: %s', async path => {
    const client = connect(`http://127.0.0.1:${served.port}`);
    for (const length of [0, 1, 16_383, 16_384, 16_385, 65_535, 65_536, 300_000]) {
      const content = Buffer.alloc(length, 'abc');
      const { body, trailers } = await call(client, path, content);
      expect(body.equals(Buffer.concat([Buffer.from(path), content]))).toBe(true);
      expect(trailers).toMatchObject({ 'x-end': 'yes' });
    }
    client.close();
    await once(client, 'close');
  });

  test('has many streams at once', async () => {
    const client = connect(`http://127.0.0.1:${served.port}`);
    const sizes = Array.from({ length: 90 }, (_, n) => n * 1000);
    const calls = sizes.map(async (size, n) => {
      const { body } = await call(client, n % 2 ? '/s' : '/slowly/', Buffer.alloc(size, n));
      return body.length - (n % 2 ? 2 : 8);
    });
    expect(await Promise.all(calls)).toEqual(sizes);
    client.close();
    await once(client, 'close');
  });

  test('over TLS with ALPN', async () => {
    // A certificate is not what this is about: with a shared key, none is needed.
    const psk = Buffer.alloc(16, 7);
    const suite = { ciphers: 'PSK', maxVersion: 'TLSv1.2' } as const;
    const tls = createTlsServer(
      { ...suite, ALPNProtocols: ['h2'], pskCallback: () => psk },
      socket => served.server.accept(socket),
    ).listen(0, '127.0.0.1');
    await once(tls, 'listening');
    const { port } = tls.address() as { port: number };
    const client = connect(`https://127.0.0.1:${port}`, {
      ...suite,
      pskCallback: () => ({ psk, identity: 'test' }),
      checkServerIdentity: () => undefined,
    });
    const content = Buffer.alloc(200_000, 'tls');
    const { body } = await call(client, '/a', content);
    expect(body.length).toBe(content.length + 2);
    client.close();
    await once(client, 'close');
    tls.close();
  });
});

/** Lower-case names and values that a client may send. */
const name = fc.stringMatching(/^x-[a-z0-9-]{1,12}$/);
const value = fc.stringMatching(/^[!-~](?:[ -~]{0,40}[!-~])?$/);
const lists = fc.array(fc.dictionary(name, value, { maxKeys: 8 }), { minLength: 1, maxLength: 8 });

test("node:http2's encoder is understood, over generated lists on one connection", async () => {
  const decoder = new HpackDecoder(roomyLimits);
  const got: Record<string, string>[] = [];
  let wake = () => {};
  const listener = createServer(socket => {
    let isFirst = true;
    const reader = new FrameReader(2 ** 24, (type, flag, id, bytes, at, end) => {
      if (type !== 1) return;
      const start = at + (flag & 0x20 ? 5 : 0);
      const fields = decoder.decode(bytes, start, end) ?? [];
      const plain = fields.filter(field => field.name.startsWith('x-'));
      got.push(Object.fromEntries(plain.map(field => [field.name, field.value])));
      socket.write(frame('headers', 5, id, encodeFields([[':status', '200']])));
      wake();
    });
    socket.write(settings());
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      reader.read(chunk, isFirst ? preface.length : 0);
      isFirst = false;
    });
  }).listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address() as { port: number };
  const client = connect(`http://127.0.0.1:${port}`);
  client.on('error', () => {});
  await fc.assert(
    fc.asyncProperty(lists, async sent => {
      got.length = 0;
      for (const headers of sent) {
        client.request({ ':path': '/', ...headers }, { endStream: true }).resume();
      }
      while (got.length < sent.length) {
        await new Promise<void>(resolve => {
          wake = resolve;
        });
      }
      expect(got).toEqual(sent.map(headers => ({ ...headers })));
    }),
    { numRuns: 150 },
  );
  client.destroy();
  listener.close();
});

test("node:http2's decoder understands this encoder", async () => {
  const wanted: [string, string][][] = [];
  const own = await serve({}, () => ({
    onRequest(stream) {
      const fields = wanted[Number(stream.request.path.slice(1))] ?? [];
      stream.respond(encodeFields([[':status', '200'], ...fields]), true);
    },
    onData() {},
    onTrailers() {},
    onWritable() {},
    onClose() {},
    onReadEnd() {},
  }));
  const client = connect(`http://127.0.0.1:${own.port}`);
  await fc.assert(
    fc.asyncProperty(fc.dictionary(name, value, { maxKeys: 8 }), async headers => {
      wanted.push(Object.entries(headers));
      const stream = client.request({ ':path': `/${wanted.length - 1}` }).resume();
      const [answer] = await once(stream, 'response');
      const plain = Object.entries(answer).filter(([key]) => key.startsWith('x-'));
      expect(Object.fromEntries(plain)).toEqual({ ...headers });
    }),
    { numRuns: 300 },
  );
  client.destroy();
  await own.stop();
});
