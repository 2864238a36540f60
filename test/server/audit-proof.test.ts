/** `usher audit verify` detects tampering with the store of a real server. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { openTables } from '../../src/store/lmdb/tables.ts';
import { runUsher } from '../cli/run-usher.ts';
import { defaultLimits } from '../limits.ts';
import { type RedisServer, startRedis } from '../store/redis/server.ts';
import { adminOf } from './api.ts';
import { runServer, type TestServer } from './run-server.ts';

/** An entry in the format of its store. */
type Entry = string[];

/** Reads and writes the log directly in the store. */
interface Tamper {
  url: string;
  read(): Promise<Entry[]>;
  write(entries: Entry[]): Promise<void>;
  end(): Promise<void>;
}

const auditKey = 'usher:{log}:audit';

async function redisTamper(): Promise<Tamper> {
  const redis: RedisServer = await startRedis();
  return {
    url: `redis://127.0.0.1:${redis.port}`,
    async read() {
      const entries = (await redis.send('XRANGE', auditKey, '-', '+')) as [string, string[]][];
      return entries.map(([id, members]) => [id, ...members]);
    },
    async write(entries) {
      await redis.send('DEL', auditKey);
      for (const entry of entries) await redis.send('XADD', auditKey, ...entry);
    },
    end: () => redis.stop(),
  };
}

async function lmdbTamper(): Promise<Tamper> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-audit-'));
  const withTables = async <T>(work: (tables: ReturnType<typeof openTables>) => T): Promise<T> => {
    const tables = openTables(folder, defaultLimits.store.lmdb);
    try {
      return await tables.root.transaction(() => work(tables));
    } finally {
      await tables.root.close();
    }
  };
  return {
    url: `lmdb:${folder}`,
    read: () =>
      withTables(({ audit }) =>
        [...audit.getRange()].map(({ key, value }) => [String(key), value]),
      ),
    write: entries =>
      withTables(({ root, audit }) => {
        for (const key of audit.getKeys()) audit.remove(key);
        for (const [key, value = ''] of entries) audit.put(Number(key), value);
        const { sequence, hash } = JSON.parse(entries.at(-1)?.[1] ?? '{}');
        root.put('audit-head', JSON.stringify({ sequence, hash }));
      }),
    end: async () => rmSync(folder, { recursive: true, force: true }),
  };
}

describe.each([
  ['LMDB', lmdbTamper],
  ['Redis', redisTamper],
] as const)('on %s', (_, start) => {
  let tamper: Tamper;
  let server: TestServer;
  /** The head after five changes, for `--head`. */
  let head: string;

  const verify = (...args: string[]) =>
    runUsher(['audit', 'verify', ...args, '--json'], {
      USHER_MANAGER_URL: `http://${server.manager}`,
      USHER_ADMIN_TOKEN: server.adminToken,
    });
  const report = async (...args: string[]) => {
    const { code, out } = await verify(...args);
    return { code, ...JSON.parse(out) };
  };
  const create = (name: string) => adminOf(server).create({ kind: Kind.STATIC, name });
  /** Changes the entries while Usher is stopped. */
  const change = async (how: (entries: Entry[]) => Entry[]) => {
    await server.stop();
    await tamper.write(how(await tamper.read()));
    server = await runServer({ USHER_STORE: tamper.url });
  };
  const swapContent = (entries: Entry[], a: number, b: number) => {
    const [first = [], second = []] = [entries[a], entries[b]];
    return entries.map((entry, n) => {
      if (n === a) return [first[0] ?? '', ...second.slice(1)];
      return n === b ? [second[0] ?? '', ...first.slice(1)] : entry;
    });
  };

  beforeEach(async () => {
    tamper = await start();
    server = await runServer({ USHER_STORE: tamper.url });
    for (let n = 1; n <= 5; n++) await create(`token ${n}`);
    const { code, entries, hash } = await report();
    expect([code, entries]).toEqual([0, 5]);
    head = `${entries}:${hash}`;
  });
  afterEach(async () => {
    await server.stop();
    await tamper.end();
  });

  test('a log that was written back unchanged is intact', async () => {
    await change(entries => entries);
    expect(await report('--head', head)).toMatchObject({ code: 0, whole: true, entries: 5 });
    await create('another');
    expect(await report('--head', head)).toMatchObject({ code: 0, whole: true, entries: 6 });
  });

  test('a changed entry is found', async () => {
    await change(entries =>
      entries.map(entry => entry.map(text => text.replace('"token 3"', '"token x"'))),
    );
    expect(await report()).toMatchObject({ code: 1, whole: false, sequence: 3 });
  });

  test('a removed entry is found', async () => {
    await change(entries => entries.toSpliced(1, 1));
    expect(await report()).toMatchObject({ code: 1, whole: false, sequence: 2 });
  });

  test('two swapped entries are found', async () => {
    await change(entries => swapContent(entries, 1, 3));
    expect(await report()).toMatchObject({ code: 1, whole: false, sequence: 2 });
  });

  test('a removed first entry is found', async () => {
    await change(entries => entries.slice(1));
    expect(await report()).toMatchObject({ code: 1, whole: false, sequence: 1 });
  });

  test('a truncated log is found by an earlier head, also after new entries', async () => {
    await change(entries => entries.slice(0, 3));
    expect(await report()).toMatchObject({ code: 0, entries: 3 });
    expect(await report('--head', head)).toMatchObject({ code: 1, whole: false });
    for (let n = 1; n <= 3; n++) await create(`later ${n}`);
    expect(await report()).toMatchObject({ code: 0, entries: 6 });
    expect(await report('--head', head)).toMatchObject({ code: 1, whole: false, sequence: 5 });
  });
});
