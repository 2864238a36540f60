/** The OpenID provider and the list of GitHub's keys get the trace of the call that waits for them. */

import { readFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Certificates, makeCertificates } from '../certificates.ts';
import { freePort } from '../free-port.ts';
import { startUsherProcess, type UsherProcess } from '../server/usher-process.ts';
import { until } from '../until.ts';
import { type Receiver, startReceiver } from './receiver.ts';

const parentId = '00f067aa0ba902b7';
const traceOf = (n: number) => `${n}`.padStart(32, '4bf92f3577b34da6a3ce929d0e0e4736');
const tracestate = 'vendor=1';
const got = new Map<string | undefined, IncomingHttpHeaders>();
let pems: Certificates;
let others: Server;
let receiver: Receiver;
let usher: UsherProcess;
/** Where people reach the API Manager: what the provider leads back to. */
let manager: string;

beforeAll(async () => {
  pems = await makeCertificates();
  const [cert, key] = ['server.pem', 'server-key.pem'].map(name => readFileSync(pems.path(name)));
  others = createServer({ cert, key }, ({ url, headers }, response) => {
    got.set(url, headers);
    response.writeHead(404).end();
  });
  await new Promise<void>(resolve => others.listen(0, '127.0.0.1', resolve));
  manager = `127.0.0.1:${await freePort()}`;
  const { port } = others.address() as AddressInfo;
  receiver = await startReceiver();
  usher = await startUsherProcess({
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_TRACES_SAMPLER: 'parentbased_always_off',
    OTEL_BSP_SCHEDULE_DELAY: '50',
    USHER_LEAK_GITHUB: `https://127.0.0.1:${port}/keys`,
    USHER_OIDC_ISSUER: `https://127.0.0.1:${port}`,
    USHER_MANAGER_LISTEN: manager,
    USHER_MANAGER_URL: `http://${manager}`,
    USHER_OIDC_CLIENT_ID: 'usher',
    USHER_OIDC_ROLES: 'groups=admins:admin',
    USHER_OUTBOUND_ALLOW: `127.0.0.1:${port}`,
    USHER_OUTBOUND_CA_FILE: pems.path('ca.pem'),
  });
});
afterAll(async () => {
  await usher?.remove();
  await receiver?.stop();
  others?.close();
  pems?.remove();
});

test.each([
  [
    '/.well-known/openid-configuration',
    1,
    () => fetch(begin(), { redirect: 'manual', headers: headers(1) }),
  ],
  ['/keys', 2, () => fetch(report(), { method: 'POST', headers: headers(2), body: '[]' })],
] as const)('%s', async (path, n, ask) => {
  await ask();
  const { traceparent, tracestate: state } = got.get(path) ?? {};
  expect(state).toBe(tracestate);
  const find = (kind: number) =>
    receiver.spans.find(each => each.traceId === traceOf(n) && each.kind === kind);
  await until(() => find(2) !== undefined && find(3) !== undefined);
  expect(traceparent).toBe(`00-${traceOf(n)}-${find(3)?.spanId}-01`);
  expect(find(2)).toMatchObject({ parentId });
});

const begin = () => `http://${manager}/sign-in/provider`;
const report = () => `http://${usher.http}/leaks/github`;
const headers = (n: number) => ({
  ...{ traceparent: `00-${traceOf(n)}-${parentId}-01`, tracestate },
  'Github-Public-Key-Identifier': 'a'.repeat(64),
  'Github-Public-Key-Signature': Buffer.alloc(70, 1).toString('base64'),
});
