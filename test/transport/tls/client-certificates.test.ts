/** Which client certificates are let in, and which names they give. */

import { connect } from 'node:net';
import { Duplex } from 'node:stream';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askOver, type Kind, kinds, makeTls, makeWorld, open, start } from './listeners.ts';
import { makeCa, makeCertificate, uses } from './make-certificate.ts';

const world = makeWorld();
const { ca, clientCa, client } = world;
const dayMs = 86_400_000;
const texts = { cert: world.server.cert, key: world.server.key, ca: clientCa.cert };
const trust = { ca: ca.cert };
const from = (by: typeof clientCa, wanted: Parameters<typeof makeCertificate>[2]) => {
  const { cert, key } = makeCertificate(by, 'client', wanted);
  return { cert, key };
};
const names = ['DNS:gateway.example'];

async function started(kind: Kind, made = makeTls(texts)) {
  const server = await start(kind, made.tls);
  onTestFinished(server.stop);
  return { ...server, ...made };
}

describe.each(kinds.map(kind => [kind.name, kind] as const))('%s', (_, kind) => {
  const between = makeCertificate(clientCa, 'between', { isCa: true });
  test.each<[string, object, string]>([
    ['none', {}, ''],
    ['a good one', { cert: client.cert, key: client.key }, 'gateway.example spiffe://td/gateway'],
    ['one without a SAN', from(clientCa, {}), ''],
    ['one for clients', from(clientCa, { names, uses: [uses.client] }), 'gateway.example'],
    [
      'one of an intermediate CA',
      (({ cert, key }) => ({ cert: cert + between.cert, key }))(from(between, { names })),
      'gateway.example',
    ],
  ])('serves a caller with this certificate: %s', async (_name, certificate, expected) => {
    const { port, guard } = await started(kind);
    for (const maxVersion of ['TLSv1.3', 'TLSv1.2'] as const) {
      const asked = await askOver(kind, port, { ...trust, ...certificate, maxVersion });
      expect(asked).toMatchObject({ names: expected, version: maxVersion });
    }
    expect(guard.reports).toEqual([]);
  });

  test.each<[string, object, string]>([
    ['another CA', from(makeCa('Stranger'), { names }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['another CA of the same name', from(makeCa('Client CA'), { names }), 'CERT_SIGNATURE_FAILURE'],
    ['its own', from(makeCa('Self'), { names, isCa: true }), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['the CA of servers', from(ca, { names }), 'SELF_SIGNED_CERT_IN_CHAIN'],
    ['the past', from(clientCa, { names, fromMs: 0, toMs: dayMs }), 'CERT_HAS_EXPIRED'],
    ['the future', from(clientCa, { names, fromMs: Date.now() + dayMs }), 'CERT_NOT_YET_VALID'],
    ['servers', from(clientCa, { names, uses: [uses.server] }), 'INVALID_PURPOSE'],
    ['a client that plays CA', from(client, { names }), ''],
  ])('refuses a certificate of %s', async (_name, certificate, detail) => {
    const { port, guard } = await started(kind);
    await expect(askOver(kind, port, { ...trust, ...certificate })).rejects.toThrow();
    expect(await guard.next()).toContain(`handshake client-certificate 127.0.0.1 ${detail}`);
  });

  test('without CAs, no certificate is asked for', async () => {
    const { port } = await started(kind, makeTls({ cert: texts.cert, key: texts.key }));
    const asked = await askOver(kind, port, { ...trust, cert: client.cert, key: client.key });
    expect(asked.names).toBe('');
  });

  test('where one is required, no other caller is served', async () => {
    const { port, guard } = await started(kind, makeTls(texts, { requiresClient: true }));
    await expect(askOver(kind, port, trust)).rejects.toThrow();
    expect(await guard.next()).toBe('handshake no-client-certificate 127.0.0.1');
    const asked = await askOver(kind, port, { ...trust, cert: client.cert, key: client.key });
    expect(asked.names).toContain('gateway.example');
  });

  test('a CA that is removed takes its connections with it', async () => {
    const { port, replace } = await started(kind);
    const pair = { cert: client.cert, key: client.key };
    const options = { ...trust, ALPNProtocols: [kind.protocol] };
    const named = await open(port, { ...options, ...pair });
    const nameless = await open(port, options);
    const gone = new Promise<void>(resolve => named.once('close', () => resolve()));
    named.resume();
    const successor = makeCa('Next CA');
    replace({ ...texts, ca: clientCa.cert + successor.cert });
    replace({ ...texts, ca: successor.cert });
    await gone;
    expect(nameless.destroyed).toBe(false);
    expect(await askOver(kind, port, trust)).toMatchObject({ names: '' });
    await expect(askOver(kind, port, { ...trust, ...pair })).rejects.toThrow();
    const next = await askOver(kind, port, { ...trust, ...from(successor, { names }) });
    expect(next.names).toBe('gateway.example');
  });

  test.each(['TLSv1.2', 'TLSv1.3'] as const)(
    'nor may one that is in its handshake, %s',
    async maxVersion => {
      const { port, guard, replace } = await started(kind);
      const held = holdCertificate(port);
      const pair = { cert: client.cert, key: client.key };
      const asked = askOver(kind, port, { ...trust, ...pair, maxVersion, socket: held.socket });
      const refused = expect(asked).rejects.toThrow();
      await held.isDue;
      replace({ ...texts, ca: makeCa('Next CA').cert });
      held.send();
      expect(await guard.next()).toBe('handshake client-certificate 127.0.0.1 its CA was removed');
      await refused;
    },
  );
});

/** A connection that keeps what its client writes after the first flight, until `send`. */
function holdCertificate(port: number) {
  const raw = connect({ port, host: '127.0.0.1' });
  const due = Promise.withResolvers<void>();
  const sent = Promise.withResolvers<void>();
  let hasBegun = false;
  const socket = new Duplex({
    read: () => undefined,
    write(chunk, _, done) {
      if (hasBegun) due.resolve();
      void (hasBegun ? sent.promise : Promise.resolve()).then(() => raw.write(chunk, done));
      hasBegun = true;
    },
    destroy(error, done) {
      raw.destroy();
      done(error);
    },
  });
  raw.on('data', chunk => socket.push(chunk)).on('close', () => socket.destroy());
  return { socket, isDue: due.promise, send: sent.resolve };
}
