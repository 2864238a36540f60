/** The command line over TLS, with an authority and a client certificate of its own. */

import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { runUsher } from './run-usher.ts';

let own: Certificates;
let other: Certificates;
let one: TestServer;
let mutual: TestServer;
let misnamed: TestServer;

const serve = ({ path }: Certificates, more: Record<string, string> = {}) =>
  runServer({
    USHER_MANAGER_TLS_CERT_FILE: path('server.pem'),
    USHER_MANAGER_TLS_KEY_FILE: path('server-key.pem'),
    ...more,
  });

beforeAll(async () => {
  [own, other] = await Promise.all([makeCertificates(), makeCertificates()]);
  own.write('misnamed', await own.leaf('server', ['usher.test']));
  [one, mutual, misnamed] = await Promise.all([
    serve(own),
    serve(own, { USHER_MANAGER_TLS_CLIENT_CA_FILE: own.path('ca.pem') }),
    serve(own, {
      USHER_MANAGER_TLS_CERT_FILE: own.path('misnamed.pem'),
      USHER_MANAGER_TLS_KEY_FILE: own.path('misnamed-key.pem'),
    }),
  ]);
});
afterAll(async () => {
  await Promise.all([one.stop(), mutual.stop(), misnamed.stop()]);
  own.remove();
  other.remove();
});

const files = ({ path }: Certificates) => ({
  USHER_MANAGER_CERT_FILE: path('client.pem'),
  USHER_MANAGER_KEY_FILE: path('client-key.pem'),
});
const urlOf = ({ manager }: TestServer, host = 'localhost') =>
  `https://${manager.replace(/^.*:/, `${host}:`)}`;
const list = (server: TestServer, env: Record<string, string>, url = urlOf(server)) =>
  runUsher(['token', 'list', '--json'], {
    USHER_MANAGER_URL: url,
    USHER_ADMIN_TOKEN: server.adminToken,
    ...env,
  });

test('commands reach the API Manager over TLS, and show their certificate', async () => {
  const ca = { USHER_MANAGER_CA_FILE: own.path('ca.pem') };
  const made = await runUsher(['token', 'create', '--kind', 'static', '--name', 'a', '--json'], {
    USHER_MANAGER_URL: urlOf(one, '127.0.0.1'),
    USHER_ADMIN_TOKEN: one.adminToken,
    ...ca,
  });
  expect(made).toMatchObject({ code: 0, err: '' });
  const listed = await list(one, ca);
  expect(listed).toMatchObject({ code: 0, err: '' });
  expect(listed.out).toContain('"name":"a"');
  expect(await list(mutual, { ...ca, ...files(own) })).toMatchObject({ code: 0, err: '' });
});

test('an unknown authority: the error says what to set', async () => {
  const url = urlOf(one);
  const text = `the certificate of ${url} is signed by an unknown authority`;
  const advice = 'set USHER_MANAGER_CA_FILE';
  for (const env of [{}, { USHER_MANAGER_CA_FILE: other.path('ca.pem') }]) {
    expect(await list(one, env)).toEqual({
      code: 69,
      out: '',
      err: `${JSON.stringify({ error: text, code: 'no_server', exitCode: 69, advice })}\n`,
    });
  }
});

test.each<[string, () => Promise<string>, Record<string, string>, RegExp]>([
  ['another host', async () => urlOf(misnamed), {}, /for other names/],
  ['no TLS', async () => `https://${one.http}`, {}, /does not speak TLS|no server answers/],
  [
    'no client certificate',
    async () => urlOf(mutual),
    {},
    /wants a client certificate: set USHER_MANAGER_CERT_FILE|no server answers/,
  ],
])('%s', async (_, url, env, text) => {
  const ca = own.path('ca.pem');
  const { code, err } = await list(one, { USHER_MANAGER_CA_FILE: ca, ...env }, await url());
  expect({ code, err }).toEqual({ code: 69, err: expect.stringMatching(text) });
});

test('files that cannot be used end the command with 78', async () => {
  const env = { USHER_MANAGER_CA_FILE: own.path('gone.pem') };
  expect(await list(one, env)).toMatchObject({
    code: 78,
    err: expect.stringContaining('USHER_MANAGER_CA_FILE names a file that cannot be read (ENOENT)'),
  });
  expect(await list(one, files(own), `http://${one.manager}`)).toMatchObject({
    code: 78,
    err: expect.stringContaining(
      'USHER_MANAGER_CERT_FILE is set, but USHER_MANAGER_URL does not begin with https://',
    ),
  });
  const crossed = { ...files(own), USHER_MANAGER_KEY_FILE: other.path('client-key.pem') };
  expect(await list(one, crossed)).toMatchObject({
    code: 78,
    err: expect.stringContaining('USHER_MANAGER_KEY_FILE names the key of another certificate'),
  });
});
