/** A process exits after it closes its client: no connection and no timer keeps it alive. */

import { spawn } from 'node:child_process';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runServer, type TestServer } from './run-server.ts';

const client = fileURLToPath(new URL('../../src/client/node.ts', import.meta.url));
let server: TestServer;
beforeAll(async () => {
  server = await runServer();
});
afterAll(() => server.stop());

test.each(['grpc', 'connect'] as const)('over %s', async transport => {
  const address = transport === 'grpc' ? server.grpc : server.http;
  const program = `
    import { createUsher } from ${JSON.stringify(client)};
    const usher = createUsher({ addresses: ['${address}'], transport: '${transport}' });
    await usher.ready();
    const verdict = await usher.verify('garbage');
    usher.close();
    console.log(verdict.reason);
  `;
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program]);
  const ended = new Promise(resolve => child.once('close', resolve));
  const [out, err] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect({ out, err, code: await ended }).toEqual({ out: 'INVALID_TOKEN\n', err: '', code: 0 });
});
