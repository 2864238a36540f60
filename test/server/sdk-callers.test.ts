/** The SDK shows an Usher with TLS who asks: by a token, and by a client certificate. */

import { readFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createUsher, type Usher, type UsherOptions } from '../../src/client/node.ts';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { until } from '../until.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

let server: TestServer;
let made: Certificates;
const clients: Usher[] = [];

beforeAll(async () => {
  made = await makeCertificates();
  made.write('stranger', await made.leaf('client', ['stranger.test']));
  server = await runServer({
    USHER_TLS_CERT_FILE: made.path('server.pem'),
    USHER_TLS_KEY_FILE: made.path('server-key.pem'),
    USHER_TLS_CLIENT_CA_FILE: made.path('ca.pem'),
    USHER_VERIFY_ACCESS: 'token,mtls',
    USHER_TLS_CLIENT_SANS: 'client.test',
  });
});
afterEach(() => {
  for (const client of clients.splice(0)) client.close();
});
afterAll(async () => {
  await server.stop();
  made.remove();
});

const create = (scopes: string[]) =>
  adminOf(server).create({ kind: Kind.STATIC, name: 'test', scopes });
const pem = (name: string) => readFileSync(made.path(name));

describe.each(['grpc', 'connect'] as const)('%s', transport => {
  const client = (options: Partial<UsherOptions> = {}, certificate?: string): Usher => {
    const pair =
      certificate === undefined
        ? {}
        : { cert: pem(`${certificate}.pem`), key: pem(`${certificate}-key.pem`) };
    const usher = createUsher({
      addresses: [`https://${transport === 'grpc' ? server.grpc : server.http}`],
      transport,
      tls: { ca: pem('ca.pem'), ...pair },
      deadlineMs: 5000,
      ...options,
    });
    clients.push(usher);
    return usher;
  };

  test('a token with the scope, and a certificate with the name, are let in and watch', async () => {
    const { token: callerToken } = await create(['usher.verify']);
    const { token } = await create([]);
    for (const usher of [client({ callerToken }), client({}, 'client')]) {
      expect(await usher.verify(token)).toMatchObject({ valid: true });
      expect(await usher.verify('nonsense')).toMatchObject({ reason: 'INVALID_TOKEN' });
      await usher.ready();
    }
  });

  test('others get no verdict, with the reason', async () => {
    const { token: powerless } = await create([]);
    const refused = /^the verdict cannot be known: Usher refuses the caller: /;
    for (const usher of [
      client(),
      client({ callerToken: 'nonsense' }),
      client({ callerToken: powerless }),
      client({}, 'stranger'),
    ]) {
      await expect(usher.verify('nonsense')).rejects.toThrow(refused);
      expect(usher.isWatching()).toBe(false);
    }
  });

  test('a revoked caller loses its verdicts, and goes on with another token', async () => {
    const [first, second] = [await create(['usher.verify']), await create(['usher.verify'])];
    let callerToken = first.token;
    const usher = client({ callerToken: () => callerToken });
    const { token } = await create([]);
    await usher.ready();
    expect(await usher.verify(token)).toMatchObject({ valid: true });
    await adminOf(server).revoke({ id: first.accessToken?.id ?? '', reason: 'test' });
    await until(async () => {
      const error = await usher.verify(`nonsense${Math.random()}`).catch((thrown: Error) => thrown);
      return error instanceof Error && error.message.includes('Usher refuses the caller');
    });
    callerToken = second.token;
    await until(async () => (await usher.verify(token).catch(() => undefined))?.valid === true);
  });
});
