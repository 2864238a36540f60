/** The SDK over TLS, with an authority and a client certificate of its own, on both transports. */

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import {
  createUsher,
  type TlsOptions,
  type Usher,
  type UsherOptions,
  UsherUnavailable,
} from '../../src/client/node.ts';
import { type Certificates, makeCertificates, past } from '../certificates.ts';
import { startTlsFront, type TlsFront } from '../tls-front.ts';
import { until } from '../until.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let own: Certificates;
let other: Certificates;
const open: { stop(): Promise<void> }[] = [];
const clients: Usher[] = [];

beforeAll(async () => {
  [server, own, other] = await Promise.all([runServer(), makeCertificates(), makeCertificates()]);
});
afterEach(async () => {
  for (const client of clients.splice(0)) client.close();
  for (const front of open.splice(0)) await front.stop();
});
afterAll(async () => {
  await server.stop();
  own.remove();
  other.remove();
});

const pem = ({ path }: Certificates, name: string) => readFileSync(path(name));
const pair = (made: Certificates): TlsOptions => ({
  cert: pem(made, 'client.pem'),
  key: pem(made, 'client-key.pem'),
});

function client(options: UsherOptions): Usher {
  const usher = createUsher({ deadlineMs: 5000, ...options });
  clients.push(usher);
  return usher;
}

const failure = async (usher: Usher): Promise<Error> => {
  const error = await usher.verify('nonsense').catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(UsherUnavailable);
  return error as Error;
};

describe.each(['grpc', 'connect'] as const)('%s', transport => {
  const front = async (certificates: Certificates, mutual = false): Promise<TlsFront> => {
    const started = await startTlsFront(
      server[transport === 'grpc' ? 'grpc' : 'http'],
      certificates,
      mutual,
    );
    open.push(started);
    return started;
  };

  test('verifies and watches, with an authority and a client certificate', async () => {
    const { port } = await front(own, true);
    const tls = { ca: pem(own, 'ca.pem'), ...pair(own) };
    const usher = client({ addresses: [`https://localhost:${port}`], transport, tls });
    expect(await usher.verify('nonsense')).toMatchObject({ reason: 'INVALID_TOKEN' });
    await usher.ready();
    const byAddress = client({ addresses: [`https://127.0.0.1:${port}`], transport, tls });
    expect(await byAddress.verify('nonsense')).toMatchObject({ reason: 'INVALID_TOKEN' });
  });

  test.each<[string, () => TlsOptions, RegExp]>([
    [
      'an unknown authority',
      () => ({}),
      /has a certificate of an unknown authority: give its CA as tls.ca$/,
    ],
    ['no client certificate', () => ({ ca: pem(own, 'ca.pem') }), /client certificate/],
  ])('%s is told once, without a storm', async (_, tls, text) => {
    const { port, handshakes } = await front(own, true);
    const address = `https://localhost:${port}`;
    const usher = client({ addresses: [address], transport, tls: tls() });
    const { message } = await failure(usher);
    expect(message).toMatch(text);
    expect(message).toContain(address);
    await Promise.all(Array.from({ length: 50 }, () => failure(usher)));
    expect(handshakes.done + handshakes.failed).toBeLessThan(5);
  });

  test('a certificate that ended, and one for other names', async () => {
    const wrong = await makeCertificates();
    wrong.write('server', await wrong.leaf('server', undefined, past));
    const first = await front(wrong);
    const tls = { ca: pem(wrong, 'ca.pem') };
    const addresses = [`https://localhost:${first.port}`];
    const { message } = await failure(client({ addresses, transport, tls }));
    expect(message).toMatch(/has a certificate that is not valid at this time/);
    wrong.write('server', await wrong.leaf('server', ['usher.test']));
    first.reload();
    const named = await failure(client({ addresses, transport, tls }));
    expect(named.message).toMatch(/has a certificate for other names/);
    wrong.remove();
  });

  test('another address is asked when the certificate of one is refused', async () => {
    const [bad, good] = [await front(other), await front(own)];
    const addresses = [bad, good].map(({ port }) => `https://localhost:${port}`);
    const usher = client({ addresses, transport, tls: { ca: pem(own, 'ca.pem') } });
    expect(await usher.verify('nonsense')).toMatchObject({ reason: 'INVALID_TOKEN' });
  });

  test('a certificate that was renewed is used for the next connection', async () => {
    const { port, stop } = await front(own, true);
    let tls: TlsOptions = { ca: pem(own, 'ca.pem') };
    const usher = client({ addresses: [`https://localhost:${port}`], transport, tls: () => tls });
    await failure(usher);
    tls = { ca: pem(own, 'ca.pem'), ...pair(own) };
    await until(async () => (await usher.verify('nonsense').catch(() => undefined)) !== undefined);
    await stop();
    open.splice(0);
  });
});

test('a port without TLS is told', async () => {
  const usher = client({ addresses: [`https://${server.grpc}`], tls: {} });
  expect((await failure(usher)).message).toMatch(/does not speak TLS at this port/);
});

test.each<[string, object, RegExp]>([
  ['an address without TLS', { addresses: ['usher:50051'], tls: {} }, /usher:50051 is not/],
  ['a key alone', { tls: { key: 'x' } }, /needs both cert and key/],
  ['no PEM', { tls: { ca: 'secret-text' } }, /tls.ca holds no certificate/],
  ['other PEM', { tls: { cert: 'secret-text', key: 'x' } }, /not a certificate and its key/],
  ['an unknown member', { tls: { rejectUnauthorized: false } }, /no member rejectUnauthorized/],
  ['a transport of its own', { transport: () => ({}) as never, tls: {} }, /give it to your own/],
])('%s is refused at once', (_, options, text) => {
  const all = { addresses: ['https://usher:50051'], ...options } as UsherOptions;
  expect(() => createUsher(all)).toThrow(TypeError);
  expect(() => createUsher(all)).toThrow(text);
  expect(() => createUsher(all)).not.toThrow(/secret-text/);
});
