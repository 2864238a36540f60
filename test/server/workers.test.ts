/** Several worker processes: one address, one API Manager, and no refused call during a renewal. */

import { once } from 'node:events';
import { Agent, get } from 'node:http';
import { text } from 'node:stream/consumers';
import { Client, credentials } from '@grpc/grpc-js';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { unary } from '../transport/grpc/client.ts';
import { until } from '../until.ts';
import { adminOf } from './api.ts';
import { startUsherProcess, type UsherProcess, workerPids } from './usher-process.ts';

let usher: UsherProcess;
let token: string;
let id: string;

beforeAll(async () => {
  usher = await startUsherProcess({ USHER_WORKERS: '2' });
  const made = await adminOf(usher).create({ kind: Kind.STATIC, name: 'workers' });
  token = made.token;
  id = made.accessToken?.id ?? '';
});
afterAll(async () => await usher.remove());

/** How long a call may take, in milliseconds: one without an answer is lost, and fails by its name. */
const deadlineMs = 10_000;

/** One call on a new connection. */
async function hello(): Promise<number> {
  const headers = { authorization: token, connection: 'close' };
  const signal = AbortSignal.timeout(deadlineMs);
  const answer = await fetch(`http://${usher.http}/`, { headers, signal });
  await answer.text();
  return answer.status;
}

async function good(): Promise<number> {
  const metrics = await (await fetch(`http://${usher.manager}/metrics`)).text();
  const line = /^usher_verdicts_total\{reason="NONE",kind="static",door="root"\} (\d+)$/m.exec(
    metrics,
  );
  return Number(line?.[1] ?? 0);
}

test('a token created in the API Manager is valid in every worker, and its uses are summed', async () => {
  const before = await good();
  for (let call = 0; call < 20; call++) expect(await hello()).toBe(200);
  expect(await good()).toBe(before + 20);
});

test('a worker that is killed is replaced', async () => {
  const died = usher.logged('a worker exited; restarting it');
  const [first] = await workerPids(usher);
  process.kill(first as number, 'SIGKILL');
  expect(await died).toMatchObject({ worker: first, signal: 'SIGKILL' });
  await until(async () => (await workerPids(usher)).length === 2);
  expect(await hello()).toBe(200);
});

test('while no worker takes calls, the server is not ready', async () => {
  const ready = async () => await fetch(`http://${usher.manager}/readyz`);
  expect((await ready()).status).toBe(200);
  for (const pid of await workerPids(usher)) process.kill(pid, 'SIGKILL');
  let body: unknown;
  await until(async () => {
    const answer = await ready();
    body = await answer.json();
    return answer.status === 503;
  });
  expect(body).toMatchObject({ reasons: ['no worker takes calls: they are being started'] });
  await until(async () => (await ready()).ok);
  expect(await hello()).toBe(200);
});

/**
 * A call on a connection that is reused. On a busy machine it may come later than the 250 ms for which
 * a stop leaves idle connections open; then it is sent again (RFC 9112 section 9.5).
 */
async function helloKept(agent: Agent): Promise<number> {
  const signal = AbortSignal.timeout(deadlineMs);
  const headers = { authorization: token };
  const asked = get(`http://${usher.http}/`, { agent, headers, signal });
  try {
    const [answer] = await once(asked, 'response');
    await text(answer);
    return answer.statusCode;
  } catch (error) {
    const isClosed = error instanceof Error && 'code' in error && error.code === 'ECONNRESET';
    if (asked.reusedSocket && isClosed) return await helloKept(agent);
    throw error;
  }
}

/** A gRPC call on a new connection. */
async function verified(): Promise<number> {
  const own = { 'grpc.use_local_subchannel_pool': 1 };
  const client = new Client(usher.grpc, credentials.createInsecure(), own);
  try {
    const deadline = Date.now() + deadlineMs;
    const request = { header: token };
    const { valid } = await unary(client, VerifierService.method.verify, request, {}, { deadline });
    return valid ? 200 : 401;
  } finally {
    client.close();
  }
}

/** A busy machine takes its time to start four workers. */
const renewalMs = 120_000;

test('SIGHUP renews the workers one after the other, and no call is refused', {
  timeout: renewalMs,
}, async () => {
  const before = await workerPids(usher);
  const renewed = usher.logged('all workers were replaced');
  usher.child.kill('SIGHUP');
  const statuses = new Set<number>();
  let done = false;
  const finish = renewed.then(() => {
    done = true;
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 1 });
  const calls = { hello, helloKept: () => helloKept(agent), verified };
  const callers = Object.entries(calls).map(async ([name, call]) => {
    while (!done) {
      statuses.add(
        await call().catch(cause => {
          throw new Error(`a call of ${name} failed: ${String(cause)}`, { cause });
        }),
      );
    }
  });
  await Promise.all([finish, ...callers]);
  agent.destroy();
  expect([...statuses]).toEqual([200]);
  const after = await workerPids(usher);
  expect(after).toHaveLength(2);
  expect(after.filter(pid => before.includes(pid))).toEqual([]);
});

test('SIGHUP twice renews them twice, one renewal after the other', {
  timeout: renewalMs,
}, async () => {
  const renewed = usher.logged('all workers were replaced');
  usher.child.kill('SIGHUP');
  await until(async () => (await workerPids(usher)).length === 3);
  usher.child.kill('SIGHUP');
  await renewed;
  const between = await workerPids(usher);
  await usher.logged('all workers were replaced');
  const after = await workerPids(usher);
  expect(after).toHaveLength(2);
  expect(after.filter(pid => between.slice(0, 2).includes(pid))).toEqual([]);
});

test('a revocation takes effect in every worker', async () => {
  await adminOf(usher).revoke({ id });
  const statuses = new Set<number>();
  for (let call = 0; call < 20; call++) statuses.add(await hello());
  expect([...statuses]).toEqual([401]);
});

test('SIGTERM ends all workers gracefully, also during a renewal', async () => {
  usher.child.kill('SIGHUP');
  await until(async () => (await workerPids(usher)).length === 3);
  const pids = await workerPids(usher);
  expect(await usher.stop()).toBe(0);
  expectEnded(pids);
});

test('SIGTERM also ends a paused worker', { timeout: 60_000 }, async () => {
  const other = await startUsherProcess({ USHER_WORKERS: '2', USHER_GRACE_MS: '0' });
  const pids = await workerPids(other);
  process.kill(pids[0] as number, 'SIGSTOP');
  expect(await other.stop()).toBe(0);
  expectEnded(pids);
  await other.remove();
});

test('SIGTERM ends all workers during their start', { timeout: 60_000 }, async () => {
  const other = await startUsherProcess({ USHER_WORKERS: '2', USHER_GRACE_MS: '0' });
  await other.stop();
  const started = expect(other.start()).rejects.toThrow('ended with 0 before it was ready');
  await until(async () => (await workerPids(other)).length === 2);
  const pids = await workerPids(other);
  // A paused worker cannot become ready in the meantime.
  process.kill(pids[0] as number, 'SIGSTOP');
  expect(await other.stop()).toBe(0);
  await started;
  expectEnded(pids);
  await other.remove();
});

function expectEnded(pids: number[]): void {
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
}
