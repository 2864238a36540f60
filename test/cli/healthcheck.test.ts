/** `usher healthcheck`, run as a process against real listeners. */

import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { freePort } from '../free-port.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { runUsher } from './run-usher.ts';

let certificates: Certificates;
let plain: TestServer;
let tls: TestServer;
let tlsFiles: Record<string, string>;
beforeAll(async () => {
  certificates = await makeCertificates();
  const [cert, key] = [certificates.path('server.pem'), certificates.path('server-key.pem')];
  tlsFiles = { USHER_TLS_CERT_FILE: cert, USHER_TLS_KEY_FILE: key };
  const managerFiles = { USHER_MANAGER_TLS_CERT_FILE: cert, USHER_MANAGER_TLS_KEY_FILE: key };
  [plain, tls] = await Promise.all([runServer(), runServer({ ...tlsFiles, ...managerFiles })]);
});
afterAll(async () => {
  await Promise.all([plain?.stop(), tls?.stop()]);
  certificates?.remove();
});

/** The settings of a server that has one listener alone. */
const only = (listener: 'GRPC' | 'HTTP' | 'MANAGER', address: string) => ({
  USHER_GRPC_LISTEN: 'off',
  USHER_HTTP_LISTEN: 'off',
  USHER_MANAGER_LISTEN: 'off',
  [`USHER_${listener}_LISTEN`]: address,
});
const everywhere = (address: string) => address.replace('127.0.0.1', '0.0.0.0');
const ready = { code: 0, out: '', err: '' };

test.each([
  ['HTTP', 'http'],
  ['GRPC', 'grpc'],
  ['MANAGER', 'manager'],
] as const)('the %s listener of a server that is ready answers', async (listener, name) => {
  expect(await runUsher(['healthcheck'], only(listener, plain[name]))).toEqual(ready);
  expect(await runUsher(['healthcheck'], only(listener, everywhere(plain[name])))).toEqual(ready);
  const settings = listener === 'MANAGER' ? managerFiles() : tlsFiles;
  expect(await runUsher(['healthcheck'], { ...only(listener, tls[name]), ...settings })).toEqual(
    ready,
  );
});

const managerFiles = () => ({
  USHER_MANAGER_TLS_CERT_FILE: certificates.path('server.pem'),
  USHER_MANAGER_TLS_KEY_FILE: certificates.path('server-key.pem'),
});

test.each(['HTTP', 'GRPC'] as const)('a %s listener that is gone is not ready', async listener => {
  const env = only(listener, `127.0.0.1:${await freePort()}`);
  const ran = await runUsher(['healthcheck'], env);
  expect(ran).toMatchObject({ code: 69, out: '' });
  expect(ran.err).toMatch(/^usher: not ready: .*ECONNREFUSED/);
  expect(JSON.parse((await runUsher(['healthcheck', '--json'], env)).out)).toMatchObject({
    ready: false,
  });
});

test.each(['HTTP', 'GRPC'] as const)('a %s listener that hangs is not ready', async listener => {
  const hanging = createServer(socket => socket.on('error', () => {}));
  await new Promise<void>(resolve => hanging.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => void hanging.close());
  const { port } = hanging.address() as { port: number };
  const env = only(listener, `127.0.0.1:${port}`);
  const ran = await runUsher(['--timeout', '1s', 'healthcheck'], env);
  expect(ran).toEqual({ code: 69, out: '', err: 'usher: not ready: no answer in time\n' });
});

test('a server whose store is down answers 503', async () => {
  const server = await runServer({ USHER_STORE: 'redis://127.0.0.1:9' });
  onTestFinished(server.stop);
  expect(await runUsher(['healthcheck'], only('HTTP', server.http))).toEqual({
    code: 69,
    out: '',
    err: 'usher: not ready: it answered 503\n',
  });
  expect(await runUsher(['healthcheck'], only('GRPC', server.grpc))).toEqual({
    code: 69,
    out: '',
    err: 'usher: not ready: it does not serve\n',
  });
});

test('settings with which no listener can be asked are refused', async () => {
  expect(await runUsher(['healthcheck'], only('HTTP', '127.0.0.1:0'))).toMatchObject({ code: 78 });
  expect(await runUsher(['healthcheck'], only('HTTP', 'off'))).toMatchObject({ code: 78 });
  const locked = { ...only('MANAGER', tls.manager), USHER_MANAGER_TLS_CLIENT_CA_FILE: '/ca.pem' };
  expect(await runUsher(['healthcheck'], locked)).toMatchObject({ code: 78 });
});
