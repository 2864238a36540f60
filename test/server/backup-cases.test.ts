/** Backups in the cases in which they are needed: made under load, and across a rotation of the master key. */

import {
  appendFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type Ran, runUsher } from '../cli/run-usher.ts';
import { startRedis } from '../store/redis/server.ts';
import { lmdbPlace, type Place } from './place.ts';
import { makeTokens, newKey, startLoad, verdictOf } from './rotation.ts';
import { runServer, secrets, type TestServer } from './run-server.ts';

let folder: string;
let file: string;
let ends: (() => Promise<unknown>)[];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'usher-backup-cases-'));
  file = join(folder, 'backup');
  ends = [];
});
afterEach(async () => {
  for (const end of ends.reverse()) await end();
  rmSync(folder, { recursive: true, force: true });
});

async function redisPlace(): Promise<Place> {
  const redis = await startRedis();
  return { url: `redis://127.0.0.1:${redis.port}`, end: () => redis.stop() };
}

async function place(open: () => Promise<Place>): Promise<string> {
  const { url, end } = await open();
  ends.push(end);
  return url;
}

async function serve(store: string, keys = secrets.USHER_MASTER_KEYS): Promise<TestServer> {
  const server = await runServer({ USHER_STORE: store, USHER_MASTER_KEYS: keys });
  ends.push(server.stop);
  return server;
}

/** Stops a server that `serve` started last. */
const stopLast = () => ends.pop()?.();

const command = ({ manager, adminToken }: TestServer, ...args: string[]) =>
  runUsher(args, { USHER_MANAGER_URL: `http://${manager}`, USHER_ADMIN_TOKEN: adminToken });

const restore = (args: string[], env: Record<string, string>) =>
  runUsher(['restore', file, '--json', ...args], { ...secrets, ...env });
const check = (env: Record<string, string> = {}) =>
  restore(['--check'], { USHER_STORE: `lmdb:${folder}/nothing`, ...env });
const said = ({ code, out }: Ran) => [code, JSON.parse(out)];

test.each([
  ['Redis', redisPlace],
  ['LMDB', lmdbPlace],
])(
  'one of a %s under load is good, and is restored into the same kind',
  async (_, open) => {
    const first = await serve(await place(open));
    const before = await makeTokens(first, 'before');
    const load = await startLoad([first]);
    expect(await command(first, 'backup', file)).toMatchObject({ code: 0 });
    expect((await load.end()).wrong).toEqual([]);
    const [code, report] = said(await check());
    expect([code, report.made]).toEqual([0, expect.stringMatching(/^20\d\d-.*Z$/)]);

    const empty = await place(open);
    const [restored, { made: _made, ...counts }] = [
      said(await restore([], { USHER_STORE: empty })),
      report,
    ];
    expect(restored).toEqual([0, counts]);
    const second = await serve(empty);
    for (const [what, header] of Object.entries(before)) {
      expect(await verdictOf(second, header)).toBe(what === 'revoked' ? 'REVOKED' : 'NONE');
    }
    const verified = said(await command(second, 'audit', 'verify', '--records', '--json'));
    expect(verified).toMatchObject([0, { whole: true, wrong: [] }]);
  },
  120_000,
);

test('one from before a rotation of the master key needs the old key; one from after it, for static tokens', async () => {
  const k1 = secrets.USHER_MASTER_KEYS;
  const k2 = newKey('k2');
  const store = await place(lmdbPlace);
  const { static: token = '', jwt = '' } = await makeTokens(await serve(store), 'old');
  const old = join(folder, 'old');
  const backUp = async (server: TestServer, path: string) => {
    file = path;
    expect(await command(server, 'backup', path)).toMatchObject({ code: 0 });
    await stopLast();
  };
  await stopLast();
  await backUp(await serve(store), old);
  const rotated = await serve(store, `${k2},${k1}`);
  expect(await command(rotated, 'token', 'reseal')).toMatchObject({ code: 0 });
  await backUp(rotated, join(folder, 'new'));

  expect(said(await check({ USHER_MASTER_KEYS: k2 }))).toMatchObject([0, { records: 4 }]);
  const lacking = await place(lmdbPlace);
  await restore([], { USHER_STORE: lacking, USHER_MASTER_KEYS: k2 });
  const without = await serve(lacking, k2);
  expect(await verdictOf(without, jwt)).toBe('NONE');
  expect(await verdictOf(without, token)).toBe('Unavailable');

  file = old;
  const problem = 'line 1 is signed under master key k1, which USHER_MASTER_KEYS does not list';
  expect(said(await check({ USHER_MASTER_KEYS: k2 }))).toEqual([1, { problem }]);
  const whole = await place(lmdbPlace);
  expect(said(await restore([], { USHER_STORE: whole, USHER_MASTER_KEYS: `${k2},${k1}` }))[0]).toBe(
    0,
  );
  const withBoth = await serve(whole, `${k2},${k1}`);
  expect(await verdictOf(withBoth, jwt)).toBe('NONE');
  expect(await verdictOf(withBoth, token)).toBe('NONE');
}, 120_000);

test('a check names what is wrong with a file, and needs no store', async () => {
  const server = await serve(await place(lmdbPlace));
  await makeTokens(server, 'a');
  const { code, out } = await command(server, 'backup', folder, '--json');
  file = JSON.parse(out).file;
  expect([code, file]).toEqual([0, expect.stringMatching(/\/usher-\d{8}T\d{6}Z\.backup$/)]);
  const good = readFileSync(file);
  const checked = await runUsher(['restore', '--check', file], {
    ...{ ...secrets, USHER_STORE: 'redis://127.0.0.1:1' },
  });
  expect([checked.code, checked.out]).toEqual([
    0,
    expect.stringMatching(/^a good backup, whose log/),
  ]);

  truncateSync(file, Math.floor(good.length / 2));
  expect(said(await check())).toEqual([1, { problem: expect.stringMatching(/cut short/) }]);
  const damaged = Buffer.from(good);
  damaged[Math.floor(good.length / 2)] = 0;
  writeFileSync(file, damaged);
  expect(said(await check())).toEqual([1, { problem: expect.stringMatching(/^line \d+ is not/) }]);
  writeFileSync(file, good);
  appendFileSync(file, good);
  expect(said(await check())).toEqual([
    1,
    { problem: expect.stringMatching(/^line \d+ is not a line/) },
  ]);
  file = join(folder, 'missing');
  expect(said(await check())).toEqual([1, { problem: expect.stringMatching(/cannot be read/) }]);
  // Without any keys none are made.
  const none = await runUsher(['restore', '--check', file], {
    USHER_STORE: `lmdb:${folder}/nothing`,
  });
  expect(none.code).toBe(78);
}, 120_000);
