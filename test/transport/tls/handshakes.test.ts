/** Handshakes that do not go well: what becomes of them, and what the guard is told. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import type { ConnectionOptions } from 'node:tls';
import { describe, expect, onTestFinished, test } from 'vitest';
import { frameTypes } from '../../../src/transport/h2/frame.ts';
import type { TlsLimits } from '../../../src/transport/tls/listener-tls.ts';
import { askOver, kinds, makeTls, makeWorld, open, start } from './listeners.ts';

const { ca, server } = makeWorld();
const texts = { cert: server.cert, key: server.key };
const trust = { ca: ca.cert };
/** The first bytes of a ClientHello of 512 bytes. */
const beginning = Buffer.from('16030102000100', 'hex');

/** Resolves once the other side has ended a connection, in whatever way. */
async function closed(socket: Socket): Promise<void> {
  socket.resume();
  await new Promise<void>(resolve => {
    socket.once('end', resolve).once('close', () => resolve());
  });
  socket.destroy();
}

describe.each(kinds.map(kind => [kind.name, kind] as const))('%s', (_, kind) => {
  async function started(
    limits: Partial<TlsLimits> = {},
    shares?: { connectionsPerSourceMax: number },
  ) {
    const { tls } = makeTls(texts, { limits });
    const { port, guard, listener, stop } = await start(kind, tls, shares);
    onTestFinished(stop);
    const raw = (bytes: Buffer | string) => {
      const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true });
      socket.on('error', () => undefined);
      socket.write(bytes);
      return socket;
    };
    return { port, guard, listener, stop, raw };
  }

  test('plain text is told to speak TLS', async () => {
    const { guard, raw } = await started();
    const http1 = await buffer(raw('GET / HTTP/1.1\r\nHost: usher\r\n\r\n'));
    expect(http1.toString()).toMatch(/^HTTP\/1.1 400 .*"this port speaks TLS: use https"\}$/s);
    expect(await guard.next()).toBe('handshake plain-text 127.0.0.1');
    const http2 = await buffer(raw('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'));
    // SETTINGS, then GOAWAY with INADEQUATE_SECURITY.
    expect([http2[3], http2[12], http2[25]]).toEqual([frameTypes.settings, frameTypes.goaway, 12]);
    expect(http2.toString('latin1', 26)).toBe('this port speaks TLS: use https');
    expect(await guard.next()).toBe('handshake plain-text 127.0.0.1');
    expect(await buffer(raw(Buffer.alloc(3)))).toHaveLength(0);
    expect(await guard.next()).toBe('handshake plain-text 127.0.0.1');
  });

  const old = { ciphers: 'DEFAULT:@SECLEVEL=0' };
  test.each<[string, ConnectionOptions, string]>([
    ['TLS 1.1', { ...old, minVersion: 'TLSv1.1', maxVersion: 'TLSv1.1' }, 'version'],
    ['no AEAD', { maxVersion: 'TLSv1.2', ciphers: 'ECDHE-ECDSA-AES128-SHA256' }, 'version'],
    ['no ECDHE', { maxVersion: 'TLSv1.2', ciphers: 'AES128-GCM-SHA256' }, 'version'],
    ['a protocol that is not spoken', { ALPNProtocols: ['h3', 'spdy/1'] }, 'alpn'],
  ])('a caller with %s is refused', async (_name, options, fault) => {
    const { port, guard } = await started();
    await expect(askOver(kind, port, { ...trust, ...options })).rejects.toThrow();
    expect(await guard.next()).toContain(`handshake ${fault}`);
  });

  test('whoever sends nothing, or not all, is closed in time', async () => {
    const { guard, raw } = await started({ handshakeMs: 300 });
    await closed(raw(''));
    expect(await guard.next()).toBe('handshake timeout 127.0.0.1');
    const slow = raw(beginning);
    const drip = setInterval(() => slow.write('\0'), 20);
    await closed(slow);
    clearInterval(drip);
    expect(await guard.next()).toMatch(/^handshake timeout/);
  });

  test('a handshake that is too long is closed', async () => {
    const { guard, raw } = await started({ handshakeBytesMax: 400 });
    await closed(raw(Buffer.concat([beginning, Buffer.alloc(500)])));
    expect(await guard.next()).toMatch(/^handshake too-long/);
  });

  test('it counts as a connection, and a stop ends it', async () => {
    const { guard, listener, raw, stop } = await started();
    const socket = raw(beginning);
    await once(socket, 'connect');
    const end = closed(socket);
    await expect.poll(() => listener.connections()).toBe(1);
    await stop();
    await end;
    expect(listener.connections()).toBe(0);
    expect(guard.reports.filter(report => !/timeout|closed/.test(report))).toEqual([]);
  });

  test('it counts for the share of its source', async () => {
    const { guard, listener, raw } = await started({}, { connectionsPerSourceMax: 1 });
    const first = raw(beginning);
    onTestFinished(() => void first.destroy());
    await expect.poll(() => listener.connections()).toBe(1);
    await closed(raw(beginning));
    expect(await guard.next()).toBe('refused source 127.0.0.1');
  });

  test('a caller that leaves is told of, one that only looks is not', async () => {
    const { guard, port, raw } = await started();
    const probe = connect(port, '127.0.0.1');
    await once(probe, 'connect');
    probe.destroy();
    const socket = raw(beginning);
    await once(socket, 'connect');
    await new Promise<void>(resolve => socket.write('\0', () => resolve()));
    socket.destroy();
    expect(await guard.next()).toMatch(/^handshake (closed|malformed)/);
    expect(guard.reports).toEqual([]);
  });

  test('renegotiation is refused', async () => {
    const { port } = await started();
    const options = { ...trust, maxVersion: 'TLSv1.2' as const, ALPNProtocols: [kind.protocol] };
    const socket = await open(port, options);
    const error = await new Promise(resolve => {
      socket.on('error', resolve);
      socket.renegotiate({}, resolve);
    });
    expect(error).toBeInstanceOf(Error);
    socket.destroy();
  });
});

const [grpcJs, grpc, , http2, http1] = kinds;

test.each([grpcJs, grpc].map(kind => [kind?.name, kind] as const))(
  '%s asks for ALPN',
  async (_, kind = kinds[0] as never) => {
    const { port, guard, stop } = await start(kind, makeTls(texts).tls);
    onTestFinished(stop);
    await expect(askOver(kind, port, { ...trust, ALPNProtocols: [] })).rejects.toThrow();
    expect(await guard.next()).toBe('handshake alpn 127.0.0.1 none offered');
  },
);

test('without ALPN, HTTP/1.1 is spoken', async () => {
  const kind = http1 as NonNullable<typeof http1>;
  const { port, stop } = await start(kind, makeTls(texts).tls);
  onTestFinished(stop);
  expect(await askOver(kind, port, { ...trust, ALPNProtocols: [] })).toMatchObject({ names: '' });
});

test.each([grpc, http2, http1].map(kind => [kind?.name, kind] as const))(
  '%s without TLS tells of a caller that speaks it',
  async (_, kind = kinds[0] as never) => {
    const { port, guard, stop } = await start(kind, undefined);
    onTestFinished(stop);
    await expect(open(port, trust)).rejects.toThrow();
    expect(await guard.next()).toBe('tls 127.0.0.1');
  },
);
