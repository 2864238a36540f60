/** Jobs by command, against a real server. */

import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PassThrough } from 'node:stream';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Context } from '../../src/cli/context.ts';
import { runCommand } from '../../src/cli/program.ts';
import { openTerminal } from '../../src/cli/terminal.ts';
import { Reason } from '../../src/gen/usher/v1/verifier_pb.ts';
import { adminOf } from '../server/api.ts';
import { addTokens, reasonOf } from '../server/jobs.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { runUsher } from './run-usher.ts';

let server: TestServer;
let folder: string;
beforeAll(async () => {
  server = await runServer({ USHER_JOB_ACTS_PER_SECOND: '10000' });
  folder = mkdtempSync(join(tmpdir(), 'usher-jobs-'));
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

const env = () => ({
  USHER_MANAGER_URL: `http://${server.manager}`,
  USHER_ADMIN_TOKEN: server.adminToken,
});
const usher = (...args: string[]) => runUsher(args, env());

/** Runs a command at a terminal, where a person enters a line. */
async function atTerminal(
  answer: string,
  ...args: string[]
): Promise<{ code: number; err: string }> {
  const stdin = Object.assign(new PassThrough(), { isTTY: true });
  const [stdout, stderr] = [new PassThrough(), new PassThrough()].map(each =>
    Object.assign(each, { isTTY: true }),
  );
  let err = '';
  stderr?.on('data', chunk => {
    err += chunk;
    if (String(chunk).includes('To go on')) stdin.write(`${answer}\n`);
  });
  stdout?.resume();
  const terminal = openTerminal({ stdout, stderr } as never, {});
  const context = { env: env(), terminal, stdin, now: Date.now } as unknown as Context;
  return { code: await runCommand(args, context), err };
}

test('all of an owner are revoked by one command', async () => {
  const tokens = await addTokens(server, 'ann', 30);
  const [other = ''] = await addTokens(server, 'bob', 1);
  const asked = await usher('token', 'revoke', '--owner', 'ann');
  expect(asked).toMatchObject({ code: 2 });
  expect(asked.err).toContain('--yes');
  expect(await reasonOf(server, tokens[0] ?? '')).toBe(Reason.NONE);

  const ran = await usher(
    'token',
    'revoke',
    '--owner',
    'ann',
    '--reason',
    'left',
    '--yes',
    '--json',
  );
  expect(ran).toMatchObject({ code: 0, err: '' });
  const lines = ran.out
    .trim()
    .split('\n')
    .map(line => JSON.parse(line));
  expect(lines.at(-1)).toMatchObject({ act: 'revoke', state: 'done', done: 30, failed: 0 });
  for (const token of tokens) expect(await reasonOf(server, token)).toBe(Reason.REVOKED);
  expect(await reasonOf(server, other)).toBe(Reason.NONE);

  const shown = await usher('jobs', 'list', '--json');
  const [job] = JSON.parse(shown.out).jobs;
  expect(job).toMatchObject({ id: lines.at(-1).id, owner: 'ann', actor: 'admin token' });
  expect((await usher('jobs', 'show', job.id)).out).toContain('done');
  expect((await usher('token', 'revoke', '--yes')).code).toBe(2);
});

test('at a terminal, only the count goes on', async () => {
  const [token = ''] = await addTokens(server, 'eve', 3);
  const no = await atTerminal('y', 'token', 'revoke', '--owner', 'eve');
  expect(no.code).toBe(1);
  expect(no.err).toContain('Revoke 3 access tokens');
  expect(no.err).toContain('nothing was changed');
  expect(await reasonOf(server, token)).toBe(Reason.NONE);
  expect((await atTerminal('3', 'token', 'revoke', '--owner', 'eve')).code).toBe(0);
  expect(await reasonOf(server, token)).toBe(Reason.REVOKED);
});

test('new tokens are written to a file that only its user can read, and forgotten', async () => {
  await addTokens(server, '=carl', 4);
  const path = join(folder, 'new.csv');
  const rotate = ['jobs', 'rotate', '--owner', '=carl', '--yes', '--secrets', path];
  expect(await usher(...rotate)).toMatchObject({ code: 0 });
  const text = readFileSync(path, 'utf8');
  const rows = text.trim().split('\r\n');
  expect(rows).toHaveLength(5);
  // A spreadsheet must not compute it.
  expect(rows[1]).toContain(",'=carl,");
  const token = rows[1]?.split(',').at(-1) ?? '';
  expect(await reasonOf(server, token)).toBe(Reason.NONE);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const [job] = JSON.parse((await usher('jobs', 'list', '--json')).out).jobs;
  expect(await usher('jobs', 'secrets', job.id)).toMatchObject({ code: 1, out: '' });
});

test('ids from a file, and what failed', async () => {
  await addTokens(server, 'dan', 2);
  const { accessTokens } = await adminOf(server).list({ owner: 'dan' });
  const ids = accessTokens.map(({ id }) => id);
  const run = (...args: string[]) =>
    runUsher(['jobs', ...args, '--ids-from', '-', '--yes'], env(), { stdin: ids.join('\n') });
  expect((await run('set-owner', '--to', 'fay')).code).toBe(0);
  expect((await adminOf(server).list({ owner: 'fay' })).accessTokens).toHaveLength(2);
  expect((await run('set-expiry')).code).toBe(2);
  const expired = await run('set-expiry', '--expires-in', '30d', '--json');
  expect(JSON.parse(expired.out.trim().split('\n').at(-1) ?? '')).toMatchObject({ done: 2 });
  const both = await usher('jobs', 'revoke', '--ids-from', '-', '--owner', 'x', '--yes');
  expect(both.code).toBe(2);
});
