/** Several worker processes: one address, one API Manager, and no refused call while they change. */

import { once } from 'node:events';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { until } from '../store/redis-server.ts';
import { adminOf } from './api.ts';
import { startUsherProcess, type UsherProcess } from './process.ts';

let usher: UsherProcess;
let token: string;
let id: string;

beforeAll(async () => {
  usher = await startUsherProcess({ USHER_WORKERS: '2' });
  const made = await adminOf(usher).create({ kind: Kind.STATIC, name: 'workers' });
  token = made.token;
  id = made.accessToken?.id ?? '';
});
afterAll(async () => await usher.stop());

/** One call on a connection of its own. */
async function hello(): Promise<number> {
  const headers = { authorization: token, connection: 'close' };
  const answer = await fetch(`http://${usher.http}/`, { headers });
  await answer.text();
  return answer.status;
}

async function good(): Promise<number> {
  const text = await (await fetch(`http://${usher.manager}/metrics`)).text();
  const line = /^usher_verdicts_total\{reason="NONE",kind="static",door="root"\} (\d+)$/m.exec(
    text,
  );
  return Number(line?.[1] ?? 0);
}

test('a token made in the API Manager is good in every worker, and counted in one place', async () => {
  const before = await good();
  for (let call = 0; call < 20; call++) expect(await hello()).toBe(200);
  expect(await good()).toBe(before + 20);
});

test('a worker that is killed is replaced', async () => {
  const died = usher.logged('a worker died; it is started again');
  const [first] = await workerPids();
  process.kill(first as number, 'SIGKILL');
  expect(await died).toMatchObject({ worker: first, signal: 'SIGKILL' });
  await until(async () => (await workerPids()).length === 2);
  expect(await hello()).toBe(200);
});

test('SIGHUP renews the workers one after the other, and no call is refused', async () => {
  const before = await workerPids();
  const renewed = usher.logged('all workers are new');
  usher.child.kill('SIGHUP');
  const statuses = new Set<number>();
  let done = false;
  const finish = renewed.then(() => {
    done = true;
  });
  while (!done) statuses.add(await hello());
  await finish;
  expect([...statuses]).toEqual([200]);
  const after = await workerPids();
  expect(after).toHaveLength(2);
  expect(after.filter(pid => before.includes(pid))).toEqual([]);
});

test('SIGHUP twice renews them twice, one renewal after the other', async () => {
  const renewed = usher.logged('all workers are new');
  usher.child.kill('SIGHUP');
  await until(async () => (await workerPids()).length === 3);
  usher.child.kill('SIGHUP');
  await renewed;
  const between = await workerPids();
  await usher.logged('all workers are new');
  const after = await workerPids();
  expect(after).toHaveLength(2);
  expect(after.filter(pid => between.slice(0, 2).includes(pid))).toEqual([]);
});

test('a revocation is seen by every worker', async () => {
  await adminOf(usher).revoke({ id });
  const statuses = new Set<number>();
  for (let call = 0; call < 20; call++) statuses.add(await hello());
  expect([...statuses]).toEqual([401]);
});

test('SIGTERM ends them all, in order, in the midst of a renewal too', async () => {
  usher.child.kill('SIGHUP');
  await until(async () => (await workerPids()).length === 3);
  const pids = await workerPids();
  usher.child.kill('SIGTERM');
  const [code] = await once(usher.child, 'exit');
  expect(code).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
});

test('SIGTERM ends a worker that is frozen too', { timeout: 60_000 }, async () => {
  const other = await startUsherProcess({ USHER_WORKERS: '2', USHER_GRACE_MS: '0' });
  const pids = await workerPids(other);
  process.kill(pids[0] as number, 'SIGSTOP');
  other.child.kill('SIGTERM');
  const [code] = await once(other.child, 'exit');
  expect(code).toBe(0);
  for (const pid of pids) expect(() => process.kill(pid, 0)).toThrow();
  await other.stop();
});

/** The processes that a server started (proc(5)). */
async function workerPids(of = usher): Promise<number[]> {
  const { readFile } = await import('node:fs/promises');
  const pid = of.child.pid;
  const children = await readFile(`/proc/${pid}/task/${pid}/children`, 'utf8');
  return children.trim().split(' ').filter(Boolean).map(Number);
}
