/** h2spec, a suite of the rules of RFC 9113 (then 7540) and 7541 for servers. */

import { execFile } from 'node:child_process';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:tls';
import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { createH2GrpcListener } from '../../../src/transport/grpc/listener.ts';
import { defaultLimits } from '../../limits.ts';
import { program } from '../../program.ts';
import { verifierBinding } from '../fakes.ts';
import { createCertificate } from './certificate.ts';
import { serve } from './served.ts';

const run = promisify(execFile);

const allPassed = '146 tests, 146 passed, 0 skipped, 0 failed';

/** The last line of its report, and all that failed or was left out. */
async function h2spec(port: number, ...more: string[]): Promise<string> {
  const args = ['--port', String(port), '--timeout', '5', '--strict', ...more];
  const { stdout } = await run(program('h2spec'), args).catch(error => error);
  const [failures = ''] = /^Failures:[\s\S]*/m.exec(stdout) ?? [];
  return failures === '' ? stdout.trim().split('\n').at(-1) : failures;
}

test('no case fails, and none is left out', async () => {
  const served = await serve();
  expect(await h2spec(served.port)).toBe(allPassed);
  expect(served.bugs).toEqual([]);
  await served.stop();
}, 120_000);

test('the same over TLS, with ALPN', async () => {
  const served = await serve();
  const tls = createServer({ ...createCertificate(), ALPNProtocols: ['h2'] }, socket =>
    served.server.accept(socket),
  );
  // A case ends with a connection that is reset.
  tls.on('tlsClientError', () => undefined);
  tls.listen(0, '127.0.0.1');
  await once(tls, 'listening');
  const { port } = tls.address() as AddressInfo;
  expect(await h2spec(port, '--tls', '--insecure')).toBe(allPassed);
  expect(served.bugs).toEqual([]);
  tls.close();
  await served.stop();
}, 120_000);

test('the same on the gRPC port', async () => {
  const bugs: unknown[] = [];
  const listener = createH2GrpcListener({
    bindings: [verifierBinding()],
    limits: defaultLimits.grpc,
    onBug: bug => bugs.push(bug),
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0 });
  expect(await h2spec(port)).toBe(allPassed);
  expect(bugs).toEqual([]);
  await listener.stop(1000);
}, 120_000);
