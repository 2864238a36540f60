/** The command that prints the master keys: what it may do, and what operators see of it. */

import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outputOf } from '../../src/settings/key-command.ts';
import { until } from '../until.ts';

const limits = { timeoutMs: 20_000, bytesMax: 1000 };
const env = { PATH: process.env.PATH, USHER_ADMIN_TOKEN: 'secret', HOME: '/srv/operator' };
const keys = `k2:${randomBytes(32).toString('base64')},k1:${randomBytes(32).toString('base64')}`;

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-command-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function complaintOf(command: string, some = {}): Promise<string> {
  try {
    return `printed ${await outputOf(command, env, { ...limits, ...some })}`;
  } catch (error) {
    return (error as Error).message;
  }
}

test('its output is read, through pipes, without the line break at its end', async () => {
  expect(await outputOf(`echo ${keys} | cat`, env, limits)).toBe(keys);
});

test('it gets the environment without the settings of Usher', async () => {
  expect(await outputOf('env | grep -c ^USHER_ || true', env, limits)).toBe('0');
  expect(await outputOf('echo "$HOME"', env, limits)).toBe('/srv/operator');
});

test('it has no standard input to wait for', async () => {
  expect(await outputOf('cat; echo end', env, limits)).toBe('end');
});

test.each([
  ['exit 3', 'failed with exit code 3'],
  ['echo no such key >&2; exit 1', 'failed with exit code 1; it said: no such key'],
  [
    'no-such-program-here',
    expect.stringMatching(/^failed with exit code 127; it said: .*not found/),
  ],
  ['kill -9 $$', 'was ended by SIGKILL'],
  [':', 'printed nothing'],
  ['echo', 'printed nothing'],
  ['echo locked >&2', 'printed nothing; it said: locked'],
  ['yes', 'printed more than 1000 bytes'],
])('%s', async (command, expected) => {
  expect(await complaintOf(command)).toEqual(expected);
});

test('one that hangs is killed with all that it started', async () => {
  const mark = join(folder, 'pids');
  const command = `sleep 1000 & echo $! > ${mark}; echo $$ >> ${mark}; wait`;
  expect(await complaintOf(command, { timeoutMs: 700 })).toBe('did not end within 700 ms');
  const pids = readFileSync(mark, 'utf8').trim().split('\n').map(Number);
  expect(pids).toHaveLength(2);
  await until(() => pids.every(pid => !existsSync(`/proc/${pid}`) || isZombie(pid)));
});

function isZombie(pid: number): boolean {
  return / Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
}

test('what it leaves in the background does not hold up the answer', async () => {
  expect(await outputOf(`sleep 1000 & echo ${keys}`, env, limits)).toBe(keys);
});

test('what it says is shown without keys, tokens and control characters', async () => {
  const [first = ''] = keys.split(',');
  const key = first.slice(3);
  const hex = Buffer.from(key, 'base64').toString('hex');
  const token = 'hvs.CAESIJ1jXkNvb2tpZXNBcmVUYXN0eQ';
  for (const secret of [key, hex, token, keys]) {
    const said = await complaintOf(`echo 'denied for ${secret}: try again' >&2; exit 1`);
    expect(said).toMatch(/^failed with exit code 1; it said: denied for .*try again$/);
    expect(said).not.toContain(secret);
    expect(said).toContain('[hidden]');
  }
  const both = await complaintOf(
    `echo hunter22; echo 'the password hunter22 is wrong' >&2; exit 1`,
  );
  expect(both).toBe('failed with exit code 1; it said: the password [hidden] is wrong');
  const coloured = await complaintOf(`printf '\\033[31mred\\nline' >&2; exit 1`);
  expect(coloured).toBe('failed with exit code 1; it said: [31mred line');
});

test('of a long complaint the end is shown', async () => {
  const said = await complaintOf(`for n in $(seq 2000); do echo line $n >&2; done; exit 1`);
  expect(said.length).toBeLessThan(600);
  expect(said).toMatch(/line 2000$/);
});
