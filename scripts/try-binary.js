// Tries the single-file binary as a user would, with two workers and no other file: serve, create a token, say
// hello, lose a worker, revoke, stop. `node scripts/try-binary.js FILE`

import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const file = resolve(process.argv[2] ?? '');
const folder = mkdtempSync(join(tmpdir(), 'usher-try-'));
const data = join(folder, 'data');
const env = {
  PATH: '/nonexistent',
  USHER_STORE: `lmdb:${data}`,
  USHER_WORKERS: '2',
  USHER_GRPC_LISTEN: `127.0.0.1:${await freePort()}`,
  USHER_HTTP_LISTEN: `127.0.0.1:${await freePort()}`,
  USHER_MANAGER_LISTEN: '127.0.0.1:0',
  USHER_METRICS_LISTEN: 'off',
};
const say = text => console.log(`try-binary: ${text}`);
function must(isTrue, text) {
  if (!isTrue) throw new Error(`the binary fails: ${text}`);
}

async function freePort() {
  const listener = createServer().listen(0, '127.0.0.1');
  await once(listener, 'listening');
  const { port } = listener.address();
  listener.close();
  return port;
}

/** Starts the server; resolves to its process and addresses when it says that it is ready. */
async function serve() {
  const child = spawn(file, ['serve'], { cwd: folder, env, stdio: ['ignore', 'pipe', 'inherit'] });
  process.once('exit', () => child.kill('SIGKILL'));
  let said = '';
  for await (const chunk of child.stdout.iterator({ destroyOnReturn: false })) {
    said += chunk;
    if (said.includes('Next, in another terminal')) break;
  }
  child.stdout.resume();
  const http = /HTTP +(\S+)/.exec(said)?.[1];
  const manager = /API Manager +(\S+)/.exec(said)?.[1];
  must(http !== undefined && manager !== undefined, `it said ${said}`);
  must(said.includes(`${file} token create`), 'it names another command than itself');
  return { child, http, manager };
}
const workersOf = pid =>
  readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ');
async function stop({ child }) {
  child.kill('SIGTERM');
  const [code] = await once(child, 'exit');
  must(code === 0, `its exit code after SIGTERM is ${code}`);
}
async function greet(http, token) {
  const answer = await fetch(http, { headers: { authorization: token } });
  return { status: answer.status, text: await answer.text() };
}

try {
  const began = performance.now();
  const server = await serve();
  const startMs = performance.now() - began;
  say(`${(statSync(file).size / 1e6).toFixed(0)} MB, ready after ${startMs.toFixed(0)} ms`);
  const usher = (...args) =>
    execFileSync(file, args, {
      env: { ...env, USHER_MANAGER_URL: server.manager },
      encoding: 'utf8',
    });
  const { token, id } = JSON.parse(
    usher('--json', 'token', 'create', '--kind', 'static', '--name', 'try'),
  );
  const isGreeted = async () => {
    const { status, text } = await greet(server.http, token);
    return status === 200 && text.includes('Oh, Hello');
  };
  must(await isGreeted(), 'a good token is refused');

  const page = await (await fetch(server.manager)).text();
  const [script] = /assets\/[^"]+\.js/.exec(page) ?? [];
  const answer = await fetch(`${server.manager}/${script}`, {
    headers: { 'accept-encoding': 'br' },
  });
  must(answer.headers.get('content-encoding') === 'br', 'it lacks the web app');
  must((await answer.text()).length > 1000, 'the web app is empty');
  const api = await (await fetch(`${server.http}/openapi.yaml`)).text();
  must(api.includes('openapi: 3'), 'it lacks /openapi.yaml');

  const [first] = workersOf(server.child.pid);
  process.kill(Number(first), 'SIGKILL');
  while (workersOf(server.child.pid).includes(first) || workersOf(server.child.pid).length < 2) {
    await new Promise(next => setImmediate(next));
  }
  must(await isGreeted(), 'a lost worker is missed');
  usher('token', 'revoke', id);
  const { status, text } = await greet(server.http, token);
  must(status === 401 && text.includes('revoked'), 'a revoked token is good');
  await stop(server);
  say('it serves, and goes on without a worker that was killed');

  // The server reads a store that was cut short with another process first, which it starts like this.
  const reader = '/dev/null/vfs/0/src/store/lmdb/read-all.ts';
  execFileSync(file, [reader, data], { env });
  say('it reads a whole store');
} finally {
  rmSync(folder, { recursive: true, force: true });
}
process.exit(0);
