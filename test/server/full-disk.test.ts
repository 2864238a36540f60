/**
 * A full disk: changes fail with an error, verification continues, and changes work again with
 * space.
 */

import { execFileSync } from 'node:child_process';
import { Code, ConnectError } from '@connectrpc/connect';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { program } from '../program.ts';
import { until } from '../until.ts';
import { adminOf } from './api.ts';
import { startUsherProcess, type UsherProcess } from './usher-process.ts';

let usher: UsherProcess;

beforeAll(async () => {
  // A file size limit of 512 KiB looks to the store like a full disk.
  usher = await startUsherProcess({}, "trap '' XFSZ; ulimit -S -f 1024");
});
afterAll(async () => await usher.remove());

test('a full disk', async () => {
  const admin = adminOf(usher);
  const make = () => admin.create({ kind: Kind.STATIC, name: 'x'.repeat(100) });
  const hello = async (authorization: string) =>
    (await fetch(`http://${usher.http}/`, { headers: { authorization } })).status;

  const first = (await make()).token;
  let failure: ConnectError | undefined;
  let last = first;
  while (failure === undefined) {
    for (const made of await Promise.allSettled(Array.from({ length: 16 }, make))) {
      if (made.status === 'fulfilled') last = made.value.token;
      else failure = ConnectError.from(made.reason);
    }
  }
  expect(failure.code).toBe(Code.Unavailable);
  const detail =
    /^the embedded store cannot be written: the (file may not grow|disk is full or fails)/;
  const degraded = { what: 'changes', detail: expect.stringMatching(detail) };
  const logged = (message: string) => usher.log.filter(line => line.message === message);
  await until(() => logged('degraded').length > 0);
  expect(await hello(first)).toBe(200);
  expect(await hello(last)).toBe(200);
  const ready = await fetch(`http://${usher.http}/readyz`);
  expect([ready.status, await ready.json()]).toEqual([
    200,
    { status: 'ready', degraded: [degraded] },
  ]);
  // However many changes fail, the log says it once.
  expect(logged('degraded')).toEqual([expect.objectContaining(degraded)]);

  execFileSync(program('prlimit'), ['--pid', String(usher.child.pid), '--fsize=unlimited']);
  // Usher tries again by itself.
  await until(() => logged('no longer degraded').length > 0);
  await make();
  expect(await hello(last)).toBe(200);
});
