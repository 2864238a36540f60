/** The SDK as it is packed for npm: plain JavaScript on Node, with types. */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { program } from '../program.ts';
import { codeBlocks } from '../readme/snippets.ts';
import { adminOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { installPacked, link, type PackedSdk, root, run } from './packed.ts';

let packed: PackedSdk;
let folder: string;
let server: TestServer;
let token: string;

beforeAll(async () => {
  packed = await installPacked();
  folder = packed.folder;
  server = await runServer();
  token = (await adminOf(server).create({ kind: Kind.STATIC, name: 'a', owner: 'shop' })).token;
});
afterAll(async () => {
  await server?.stop();
  await packed?.remove();
});

const good = { stdout: 'true shop\n', stderr: '' };

/** Verifies with the packed SDK in a process of its own. */
async function verifyWith(node: string, transport: 'grpc' | 'connect') {
  const address = transport === 'grpc' ? server.grpc : server.http;
  const script = join(folder, `${transport}.js`);
  await writeFile(
    script,
    `import { createUsher } from '@usher/client';
     const usher = createUsher({ addresses: ['${address}'], transport: '${transport}' });
     const verdict = await usher.verify(process.env.TOKEN);
     usher.close();
     console.log(verdict.valid, verdict.identity.owner);`,
  );
  const env = { TOKEN: token, PATH: process.env.PATH };
  return await run(node, [script], { cwd: folder, env });
}

test.each(['grpc', 'connect'] as const)(
  'runs on Node with its dependencies alone, over %s',
  async transport => expect(await verifyWith(process.execPath, transport)).toEqual(good),
);

test('runs on Node 20, over both', async () => {
  for (const transport of ['grpc', 'connect'] as const) {
    expect(await verifyWith(program('node-20'), transport)).toEqual(good);
  }
});

test('can be required from CommonJS', async () => {
  const required = join(folder, 'required.cjs');
  await writeFile(
    required,
    `const { createUsher } = require('@usher/client');
     const usher = createUsher({ addresses: ['${server.grpc}'] });
     usher.verify(process.env.TOKEN).then(verdict => {
       usher.close();
       console.log(verdict.valid, verdict.identity.owner);
     });`,
  );
  const env = { TOKEN: token, PATH: process.env.PATH };
  expect(await run(process.execPath, [required], { cwd: folder, env })).toEqual(good);
});

/** The packages of the services that use the SDK. */
async function linkServices(): Promise<void> {
  const names = ['@connectrpc/connect-node', '@grpc/grpc-js', '@types', 'fastify'];
  for (const name of names) await link(folder, name);
}

describe('in TypeScript', () => {
  beforeAll(linkServices);

  test('has types that fit Express, Fastify, grpc-js and ConnectRPC', async () => {
    await writeFile(
      join(folder, 'typed.ts'),
      `import { createServer } from 'node:http';
     import * as grpc from '@grpc/grpc-js';
     import express from 'express';
     import fastify from 'fastify';
     import { connectNodeAdapter } from '@connectrpc/connect-node';
     import {
       connectAuth, createUsher, expressAuth, fastifyAuth, fastifyHello, grpcAuth, hello, type Verdict,
     } from '@usher/client';
     const usher = createUsher({ addresses: ['127.0.0.1:1'], transport: 'grpc' });
     express().use(expressAuth(usher)).get('/', hello(usher));
     createServer((req, res) => void hello(usher)(req, res));
     fastify().get('/', { onRequest: fastifyAuth(usher, { scopes: ['a'] }) }, fastifyHello());
     new grpc.Server({ interceptors: [grpcAuth(grpc, usher)] });
     connectNodeAdapter({ routes() {}, interceptors: [connectAuth(usher)] });
     export const owner = (verdict: Verdict): string =>
       verdict.valid ? verdict.identity.owner : verdict.reason;`,
    );
    const wrong = `import type { Verdict } from '@usher/client';
    export const reason = (verdict: Verdict): string => verdict.reason;`;
    await writeFile(join(folder, 'wrong.ts'), wrong);
    expect(await typeErrors('typed.ts')).toEqual([]);
    expect(await typeErrors('wrong.ts')).toEqual([
      expect.stringContaining("Property 'reason' does not exist on type 'Verdict'"),
    ]);
  });

  test('has types for CommonJS too', async () => {
    const text = `import { createUsher, type Verdict } from '@usher/client';
     export const usher = createUsher({ addresses: ['127.0.0.1:1'], transport: 'grpc' });
     export const reason = (verdict: Verdict): string => verdict.reason;`;
    await writeFile(join(folder, 'typed.cts'), text);
    expect(await typeErrors('typed.cts')).toEqual([
      expect.stringContaining("Property 'reason' does not exist on type 'Verdict'"),
    ]);
  });

  describe('the examples of docs/sdk.md and of the package compile in strict TypeScript', () => {
    const blocks = ['docs/sdk.md', 'packages/client/README.md'].flatMap(file =>
      codeBlocks({ file }, 'ts'),
    );

    test('there are nine', () => expect(blocks).toHaveLength(9));

    test.each(blocks.map((block, n) => [n, block] as const))('%i', async (n, block) => {
      // What the examples take from their service.
      await writeFile(join(folder, 'routes.ts'), 'export const routes = () => {};');
      await writeFile(
        join(folder, 'orders.ts'),
        `import type { ServiceDefinition } from '@grpc/grpc-js';
       export declare const orders: ServiceDefinition;`,
      );
      const given = `import type { IncomingMessage, ServerResponse } from 'node:http';
      declare const req: IncomingMessage;
      declare const res: ServerResponse;
      declare const jwt: string;\n`;
      await writeFile(join(folder, `example-${n}.ts`), given + block);
      expect(await typeErrors(`example-${n}.ts`)).toEqual([]);
    });
  });
});

async function typeErrors(file: string): Promise<string[]> {
  const strict = ['--noEmit', '--strict', '--exactOptionalPropertyTypes', '--types', 'node'];
  const modern = ['--target', 'es2023', '--module', 'nodenext', '--skipLibCheck'];
  const tsc = join(root, 'node_modules/.bin/tsc');
  const said = await run(tsc, [...strict, ...modern, file], { cwd: folder }).then(
    ({ stdout }) => stdout,
    error => String(error.stdout),
  );
  return said.split('\n').filter(line => /error TS/.test(line));
}
