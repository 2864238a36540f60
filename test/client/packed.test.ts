/** The SDK as it is packed for npm: plain JavaScript on Node, with types, and bundled for browsers. */

import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import type { Browser } from 'playwright-core';
import { build } from 'vite';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { launchChromium } from '../manager/chromium.ts';
import { adminOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';

const run = promisify(execFile);
const root = resolve(import.meta.dirname, '../..');
let folder: string;
let server: TestServer;
let browser: Browser | undefined;
let token: string;
let id: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'usher-packed-'));
  await run(process.execPath, ['scripts/build-client.js'], { cwd: root });
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', folder];
  await run('npm', pack, { cwd: root });
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const installed = join(folder, 'node_modules/usher');
  await mkdir(installed, { recursive: true });
  const archive = join(folder, `usher-${version}.tgz`);
  await run('tar', ['-xzf', archive, '-C', installed, '--strip-components', '1']);
  await writeFile(join(folder, 'package.json'), '{"type":"module","private":true}');
  server = await runServer();
  const made = await adminOf(server).create({ kind: Kind.STATIC, name: 'a', owner: 'shop' });
  token = made.token;
  id = made.accessToken?.id ?? '';
});
afterAll(async () => {
  await browser?.close();
  await server?.stop();
  await rm(folder, { recursive: true, force: true });
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

test('has types that fit Express, Fastify, grpc-js and ConnectRPC', async () => {
  const names = ['@connectrpc', '@bufbuild', '@grpc', '@types', 'fastify'];
  for (const name of names) {
    await symlink(join(root, 'node_modules', name), join(folder, 'node_modules', name));
  }
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

test('bundled, it runs in a browser and hears of a revocation', async () => {
  const entry = join(folder, 'page.js');
  await writeFile(
    entry,
    `import { createUsher } from 'usher/client';
     globalThis.usher = createUsher({ addresses: ['http://${server.http}'] });`,
  );
  const built = await build({
    root: folder,
    configFile: false,
    logLevel: 'silent',
    build: { write: false, lib: { entry, formats: ['es'], fileName: 'page' } },
  });
  const [bundle] = [built].flat();
  if (bundle === undefined || !('output' in bundle)) throw new Error('nothing was built');
  const code = bundle.output.map(file => ('code' in file ? file.code : '')).join('\n');
  expect(code).not.toMatch(/from\s*["']node:|require\(|__vite-browser-external/);

  browser = await launchChromium();
  const page = await browser.newPage();
  await page.addScriptTag({ type: 'module', content: code });
  await page.waitForFunction('globalThis.usher !== undefined');
  const cached = `usher.cached(${JSON.stringify(token)})`;
  const verified = `usher.verify(${JSON.stringify(token)})`;
  await page.evaluate('usher.ready()');
  expect(await page.evaluate(verified)).toMatchObject({ valid: true, identity: { owner: 'shop' } });
  await page.waitForFunction(`${verified}.then(() => ${cached} !== undefined)`);
  await adminOf(server).revoke({ id });
  await page.waitForFunction(`${cached} === undefined || !${cached}.valid`);
  expect(await page.evaluate(verified)).toMatchObject({ valid: false, reason: 'REVOKED' });
  await page.evaluate('usher.close()');
});
