/** Which TLS sessions are resumed, and that none outlives the rights of its client. */

import { randomBytes } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { askOver, kinds, makeTls, makeWorld, open, start } from './listeners.ts';
import { makeCa, makeCertificate } from './make-certificate.ts';

const { ca, clientCa, client, server } = makeWorld();
const texts = { cert: server.cert, key: server.key, ca: clientCa.cert };
const pair = { cert: client.cert, key: client.key };
const named = { ca: ca.cert, ...pair };
const versions = ['TLSv1.2', 'TLSv1.3'] as const;
const all = kinds.flatMap(kind =>
  versions.map(maxVersion => [`${kind.name}, ${maxVersion}`, kind, maxVersion] as const),
);

describe.each(all)('%s', (_, kind, maxVersion) => {
  async function started(made = makeTls(texts)) {
    const { port, guard, stop } = await start(kind, made.tls);
    onTestFinished(stop);
    const ask = (session?: Buffer, caller: object = named) =>
      askOver(kind, port, { ...caller, maxVersion, ...(session && { session }) });
    return { ask, guard, port, ...made };
  }

  test('a session is resumed with its names', async () => {
    const { ask } = await started();
    const first = await ask();
    expect(first.wasResumed).toBe(false);
    const again = await ask(first.session);
    expect(again).toMatchObject({ wasResumed: true, names: 'gateway.example spiffe://td/gateway' });
    // A client that resumes need not show its certificate.
    const bare = await ask(first.session, { ca: ca.cert });
    expect(bare).toMatchObject({ wasResumed: true, names: first.names });
  });

  test('at another process with the same secret, and no more once it is replaced', async () => {
    const [here, there] = [makeTls(texts), makeTls(texts)];
    there.tickets.set(here.tickets.current);
    const [first, second] = [await started(here), await started(there)];
    const { session } = await first.ask();
    expect(await second.ask(session)).toMatchObject({ wasResumed: true });
    there.tickets.set(randomBytes(32));
    expect(await second.ask(session)).toMatchObject({ wasResumed: false, names: /gateway/ });
    expect(await first.ask(session)).toMatchObject({ wasResumed: true });
  });

  test('not at another listener', async () => {
    const here = makeTls(texts, { name: 'http' });
    const there = makeTls(texts, { name: 'manager', requiresClient: true });
    there.tickets.set(here.tickets.current);
    const [first, second] = [await started(here), await started(there)];
    const nameless = await first.ask(undefined, { ca: ca.cert });
    expect(nameless.names).toBe('');
    await expect(second.ask(nameless.session, { ca: ca.cert })).rejects.toThrow();
    expect(await second.guard.next()).toBe('handshake no-client-certificate 127.0.0.1');
  });

  test('not after a change of the CAs', async () => {
    const { ask, replace } = await started();
    const { session } = await ask();
    const other = makeCa('Other CA');
    replace({ ...texts, ca: other.cert });
    await expect(ask(session)).rejects.toThrow();
    const nameless = await ask(session, { ca: ca.cert });
    expect(nameless).toMatchObject({ wasResumed: false, names: '' });
  });

  test('after a change of the certificate alone', async () => {
    const { ask, replace } = await started();
    const { session } = await ask();
    const next = makeCertificate(ca, 'usher', { names: ['DNS:localhost'] });
    replace({ ...texts, cert: next.cert, key: next.key });
    expect(await ask(session)).toMatchObject({ wasResumed: true });
  });

  test('its connection goes on while its CA stays, also of a client behind an intermediate CA', async () => {
    const { ask, port, replace } = await started();
    const between = makeCertificate(clientCa, 'between', { isCa: true });
    const leaf = makeCertificate(between, 'client', { names: ['DNS:gateway.example'] });
    const caller = { ca: ca.cert, cert: leaf.cert + between.cert, key: leaf.key };
    const { session } = await ask(undefined, caller);
    const ALPNProtocols = [kind.protocol];
    const socket = await open(port, {
      ...{ ...caller, maxVersion, ALPNProtocols },
      ...(session && { session }),
    });
    expect(socket.isSessionReused()).toBe(true);
    const closed = new Promise<void>(resolve => socket.once('close', () => resolve()));
    socket.resume();
    // The server has seen the end of the handshake before.
    await ask(undefined, caller);
    const next = makeCertificate(ca, 'usher', { names: ['DNS:localhost'] });
    const other = makeCa('Other CA').cert;
    replace({ ...texts, cert: next.cert, key: next.key });
    replace({ ...texts, ca: clientCa.cert + other });
    await ask(undefined, caller);
    expect(socket.destroyed).toBe(false);
    replace({ ...texts, ca: other });
    await closed;
  });

  test('not once the certificate of the client has ended', async () => {
    const { ask, clock, guard } = await started();
    const { session } = await ask();
    clock.ms += 91 * 86_400_000;
    await expect(ask(session)).rejects.toThrow();
    expect(await guard.next()).toBe('handshake client-certificate 127.0.0.1 CERT_HAS_EXPIRED');
  });
});
