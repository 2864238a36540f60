/** The commands of docs/safe-deployment.md, run in order as pasted, against real Usher and nginx. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { freePort } from '../free-port.ts';
import { program } from '../program.ts';
import { type BashSession, openBash } from '../readme/bash-session.ts';
import { outputLike, type Snippet, shellSnippets } from '../readme/snippets.ts';
import { checkout, findPlace } from '../readme/started.ts';
import { until } from '../until.ts';
import { send } from './request.ts';
import { startUpstream, type Upstream } from './upstream.ts';

/** npm starts a process for each command, in milliseconds. */
const pageMsMax = 120_000;

const home = mkdtempSync(join(tmpdir(), 'usher-safe-'));
let upstream: Upstream;
let bash: BashSession;
let server: ChildProcess;
let port: number;
let env: NodeJS.ProcessEnv;
let adapt: (text: string) => string;

beforeAll(async () => {
  upstream = await startUpstream();
  port = await freePort();
  const place = await findPlace({ HOME: home, USHER_STORE: `lmdb:${home}/data` });
  const { USHER_HTTP_LISTEN = '', USHER_GRPC_LISTEN = '', USHER_MANAGER_LISTEN = '' } = place.env;
  const portOf = (address: string) => address.split(':')[1];
  adapt = text =>
    place
      .adapt(text)
      .replaceAll('0.0.0.0:8080', USHER_HTTP_LISTEN)
      .replaceAll('0.0.0.0:50051', USHER_GRPC_LISTEN)
      .replaceAll('localhost:8080', `localhost:${portOf(USHER_HTTP_LISTEN)}`)
      .replaceAll('localhost:8081', `localhost:${portOf(USHER_MANAGER_LISTEN)}`)
      .replaceAll('127.0.0.1:8000', `127.0.0.1:${port}`)
      .replaceAll('127.0.0.1:3000', upstream.address);
  env = { ...place.env, PATH: [dirname(program('nginx')), place.env.PATH].join(delimiter) };
  bash = openBash(checkout, env);
});

afterAll(async () => {
  await bash.run('kill $!');
  await bash.close();
  const ended = new Promise(resolve => server.once('close', resolve));
  server.kill('SIGTERM');
  await ended;
  await upstream.stop();
  rmSync(home, { recursive: true });
});

/** Starts the server in a shell of its own, as in a first terminal, and waits until it is ready. */
async function serve(commands: string): Promise<void> {
  const exec = commands.replace('npm start', `exec ${process.execPath} bin/usher.js serve`);
  server = spawn('bash', ['--norc', '-c', exec], { cwd: checkout, env });
  let said = '';
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on('data', chunk => {
      said += chunk;
    });
  }
  await until(() => {
    if (server.exitCode !== null) throw new Error(`the server ended: ${said}`);
    return said.includes('Usher is ready.');
  });
}

async function runs({ commands, shown }: Snippet): Promise<void> {
  const adapted = adapt(commands);
  if (adapted.includes('npm start')) return await serve(adapted);
  const { code, stdout, stderr } = await bash.run(adapted);
  expect(code, stderr).toBe(0);
  if (adapted.includes('nginx -p')) {
    await until(async () => (await send(port)).status === 401);
    upstream.take();
  }
  if (shown !== undefined) expect(stdout.trim()).toMatch(outputLike(shown));
}

test('the page leads from a fresh Usher to a safe one', { timeout: pageMsMax }, async () => {
  const snippets = shellSnippets({ file: 'docs/safe-deployment.md' });
  expect(snippets).toHaveLength(6);
  for (const snippet of snippets) await runs(snippet);
  // Those with the good token, as the page says.
  expect(upstream.take()).toHaveLength(2);
});
