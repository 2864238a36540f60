/** The SDK as it is packed for npm: plain JavaScript on Node, with types. */

import { symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { codeBlocks } from '../readme/snippets.ts';
import { adminOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { installPacked, type PackedSdk, root, run } from './packed.ts';

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

test.each(['grpc', 'connect'] as const)(
  'runs on Node without any other package, over %s',
  async transport => {
    const address = transport === 'grpc' ? server.grpc : server.http;
    const program = join(folder, `${transport}.js`);
    await writeFile(
      program,
      `import { createUsher } from 'usher/client';
     const usher = createUsher({ addresses: ['${address}'], transport: '${transport}' });
     const verdict = await usher.verify(process.env.TOKEN);
     usher.close();
     console.log(verdict.valid, verdict.identity.owner);`,
    );
    const env = { TOKEN: token, PATH: process.env.PATH };
    const { stdout, stderr } = await run(process.execPath, [program], { cwd: folder, env });
    expect({ stdout, stderr }).toEqual({ stdout: 'true shop\n', stderr: '' });
  },
);

/** The packages of the services that use the SDK. */
async function linkServices(): Promise<void> {
  const names = ['@connectrpc', '@bufbuild', '@grpc', '@types', 'fastify'];
  for (const name of names) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
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
     } from 'usher/client';
     const usher = createUsher({ addresses: ['127.0.0.1:1'], transport: 'grpc' });
     express().use(expressAuth(usher)).get('/', hello(usher));
     createServer((req, res) => void hello(usher)(req, res));
     fastify().get('/', { onRequest: fastifyAuth(usher, { scopes: ['a'] }) }, fastifyHello());
     new grpc.Server({ interceptors: [grpcAuth(grpc, usher)] });
     connectNodeAdapter({ routes() {}, interceptors: [connectAuth(usher)] });
     export const owner = (verdict: Verdict): string =>
       verdict.valid ? verdict.identity.owner : verdict.reason;`,
    );
    const wrong = `import type { Verdict } from 'usher/client';
    export const reason = (verdict: Verdict): string => verdict.reason;`;
    await writeFile(join(folder, 'wrong.ts'), wrong);
    expect(await typeErrors('typed.ts')).toEqual([]);
    expect(await typeErrors('wrong.ts')).toEqual([
      expect.stringContaining("Property 'reason' does not exist on type 'Verdict'"),
    ]);
  });

  describe('the examples of docs/sdk.md compile in strict TypeScript', () => {
    const blocks = codeBlocks({ file: 'docs/sdk.md' }, 'ts');

    test('there are seven', () => expect(blocks).toHaveLength(7));

    test.each(blocks.map((block, n) => [n, block] as const))('%i', async (n, block) => {
      // What the examples take from their service.
      await writeFile(join(folder, 'routes.ts'), 'export const routes = () => {};');
      await writeFile(
        join(folder, 'orders.ts'),
        `import type { ServiceDefinition } from '@grpc/grpc-js';
       export declare const orders: ServiceDefinition;`,
      );
      const given = `import type { IncomingMessage } from 'node:http';
      declare const req: IncomingMessage;
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
