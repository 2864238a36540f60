/**
 * `usher audit`, run as a process against a fake API Manager whose log the store's code chained.
 */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import picocolors from 'picocolors';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { wrapped } from '../../src/cli/audit-list.ts';
import { runCommand } from '../../src/cli/program.ts';
import type { ListAuditEventsRequest } from '../../src/gen/usher/v1/access_token_pb.ts';
import { AuditOutcome } from '../../src/gen/usher/v1/access_token_pb.ts';
import type { ChainedEvent } from '../../src/store/audit.ts';
import { chain, emptyChain } from '../../src/store/audit.ts';
import type { FakeManager } from './fake-manager.ts';
import { startFakeManager } from './fake-manager.ts';
import { adminToken, runUsher } from './run-usher.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

const tokenId = '0198c0de-0000-7000-8000-000000000002';

function makeLog(length: number): ChainedEvent[] {
  const log: ChainedEvent[] = [];
  for (let n = 1; n <= length; n += 1) {
    const event = {
      id: `event-${n}`,
      time: 1_700_000_000_123 + n,
      action: 'token.update',
      actor: 'admin',
      peer: '127.0.0.1',
      tokenId,
      tokenName: 'shop',
      ...(n % 2 && { before: { scopes: ['b', 'a'], n: 0.1 }, after: { ü: null, n } }),
      detail: '',
      requestId: '',
    };
    log.push(chain(log.at(-1) ?? emptyChain, event));
  }
  return log;
}

let manager: FakeManager;
let asked: ListAuditEventsRequest;
let log: ChainedEvent[] = [];
beforeAll(async () => {
  manager = await startFakeManager({
    tokens: {
      listAuditEvents(request) {
        const { pageSize, pageToken, oldestFirst } = request;
        asked = request;
        const all = oldestFirst ? log : log.toReversed();
        // Pages smaller than requested, as the API allows.
        const start = Number(pageToken);
        const page = all.slice(start, start + Math.min(pageSize, 2));
        const next = start + page.length;
        return {
          events: page.map(event => ({
            ...event,
            time: timestampFromMs(event.time),
            sequence: BigInt(event.sequence),
          })),
          nextPageToken: next < all.length ? String(next) : '',
          names: { [tokenId]: 'web shop' },
        };
      },
    },
  });
});
afterAll(() => manager.close());
beforeEach(() => {
  log = makeLog(5);
});

const usher = (args: string[], stdin = '') =>
  runUsher(['audit', ...args], { USHER_MANAGER_URL: manager.url }, { stdin });

describe('verify', () => {
  test('finds a log of the store intact, and prints its head', async () => {
    const { code, out } = await usher(['verify', '--json']);
    expect(code).toBe(0);
    expect(JSON.parse(out)).toEqual({
      whole: true,
      entries: 5,
      sequence: 5,
      hash: log.at(-1)?.hash,
    });
  });

  test('finds an empty log intact', async () => {
    log = [];
    expect((await usher(['verify'])).code).toBe(0);
  });

  test('finds a changed entry', async () => {
    log[2] = { ...log[2], actor: 'nobody' } as ChainedEvent;
    const { code, out } = await usher(['verify']);
    expect([code, out]).toEqual([1, 'broken at entry 3: its hash does not match its content\n']);
  });

  test('finds a removed entry', async () => {
    log.splice(1, 1);
    const { code, out } = await usher(['verify', '--json']);
    expect(code).toBe(1);
    expect(JSON.parse(out)).toMatchObject({ whole: false, sequence: 2 });
  });

  test('finds a truncated or rewritten log by its earlier head', async () => {
    const head = `5:${log[4]?.hash}`;
    expect((await usher(['verify', '--head', head])).code).toBe(0);
    log = log.slice(0, 4);
    const short = await usher(['verify', '--head', head]);
    expect(short.out).toMatch(/ends before entry 5/);
    log = makeLog(6).map((event, n) => (n < 4 ? event : { ...event, detail: 'other' }));
    log = log.reduce<ChainedEvent[]>((rewritten, { hash: _, sequence: __, ...event }) => {
      rewritten.push(chain(rewritten.at(-1) ?? emptyChain, event));
      return rewritten;
    }, []);
    const rewritten = await usher(['verify', '--head', head]);
    expect([short.code, rewritten.code]).toEqual([1, 1]);
    expect(rewritten.out).toMatch(/rewritten/);
  });

  test('checks an export, from a file and from the standard input', async () => {
    const path = join(folder, 'log.jsonl');
    const exported = await usher(['export', '--out', path]);
    expect(exported).toEqual({ code: 0, out: '', err: '' });
    expect(statSync(path).mode & 0o777).toBe(0o600);
    expect((await usher(['verify', path])).code).toBe(0);
    const lines = readFileSync(path, 'utf8');
    const forged = lines.replace('"actor":"admin"', '"actor":"other"');
    expect((await usher(['verify', '-'], forged)).code).toBe(1);
  });

  test('refuses a file that is not an export', async () => {
    const path = join(folder, 'other');
    writeFileSync(path, 'hello\n');
    expect((await usher(['verify', path])).code).toBe(2);
    expect((await usher(['verify', join(folder, 'none')])).err).toMatch(
      /cannot be read \(ENOENT\)/,
    );
    for (const line of ['null', '{}', '{"sequence":1,"hash":"","time":"x"}']) {
      expect((await usher(['verify', '-'], `${line}\n`)).code, line).toBe(2);
    }
  });
});

test('export writes JSON Lines, oldest first, and never overwrites a file', async () => {
  const { out } = await usher(['export']);
  const lines = out.trimEnd().split('\n');
  expect(lines.map(line => JSON.parse(line).sequence)).toEqual([1, 2, 3, 4, 5]);
  const path = join(folder, 'kept');
  writeFileSync(path, 'kept');
  expect((await usher(['export', '--out', path])).code).toBe(2);
  expect(readFileSync(path, 'utf8')).toBe('kept');
});

test('list shows the newest first, up to the limit', async () => {
  const { out } = await usher(['list', '--limit', '3', '--json']);
  const { events } = JSON.parse(out);
  expect(events.map(({ sequence }: { sequence: number }) => sequence)).toEqual([5, 4, 3]);
});

describe('filters', () => {
  test('are passed on, by the names of the API', async () => {
    const before = Date.now();
    const filters = [
      ...['--by', 'ann', '--token', 'shop', '--owner', 'red', '--action', 'token'],
      ...['--action', 'jwt.revoke', '--since', '2d', '--until', '2099-02-22', '--outcome', 'done'],
    ];
    expect((await usher(['list', ...filters, '--json'])).code).toBe(0);
    expect(asked).toMatchObject({
      ...{ actor: 'ann', tokenName: 'shop', tokenId: '', owner: 'red' },
      ...{ actions: ['token', 'jwt.revoke'], outcome: AuditOutcome.DONE, oldestFirst: false },
    });
    const [since, until] = [asked.since, asked.until].map(time => time && timestampMs(time));
    expect(since).toBeGreaterThan(before - 2 * 86_400_000 - 1);
    expect(since).toBeLessThan(Date.now() - 2 * 86_400_000 + 1);
    expect(until).toBe(Date.UTC(2099, 1, 22));
  });

  test('an id is one, and a name is another', async () => {
    await usher(['export', '--token', tokenId.toUpperCase()]);
    expect(asked).toMatchObject({ tokenId, tokenName: '', oldestFirst: true });
  });

  test.each([
    [['--action', 'token.creat'], /did you mean token\.create/],
    [['--since', 'yesterday'], /expected a time/],
    [['--outcome', 'lost'], /expected one of done, refused/],
  ])('%j is refused', async (args, words) => {
    const { code, err } = await usher(['list', ...args]);
    expect(code).toBe(2);
    expect(err).toMatch(words);
  });
});

describe('words', () => {
  test('list tells each entry as a sentence, with the name of that time and that of now', async () => {
    const { out } = await usher(['list', '--limit', '1', '--json']);
    expect(JSON.parse(out).events).toMatchObject([
      {
        who: 'admin token',
        sentence: 'admin token changed shop (now web shop): scopes b a → none',
        tokenName: 'shop',
      },
    ]);
    const [head = '', row = ''] = (await usher(['list', '--limit', '1'])).out.split('\n');
    expect(head.split('\t').at(-1)).toBe('SENTENCE');
    expect(row.split('\t').at(-1)).toMatch(/^admin token changed shop \(now web shop\): /);
  });

  test('at a terminal the sentences fit its width', async () => {
    const lines: string[] = [];
    const terminal = {
      ...{ out: (text: string) => void lines.push(text), note: () => undefined },
      ...{ rich: true, notesRich: false, columns: 60, colors: picocolors.createColors(false) },
    };
    const context = {
      env: { USHER_MANAGER_URL: manager.url, USHER_ADMIN_TOKEN: adminToken },
      ...{ terminal, stdin: process.stdin, now: Date.now },
      ...{
        serve: () => expect.unreachable(),
        restore: () => expect.unreachable(),
        checkBackup: () => expect.unreachable(),
      },
    };
    expect(await runCommand(['audit', 'list', '--limit', '1'], context)).toBe(0);
    expect(lines.map(line => line.trimEnd())).toEqual([
      '5  2023-11-14 22:13 UTC  admin token changed shop (now web',
      '                         shop): scopes b a → none',
    ]);
  });

  test('lines fit their width, and lose nothing', () => {
    const text = `a ${'x'.repeat(45)} sentence that goes on`;
    const lines = wrapped(text, 20);
    expect(lines.filter(line => line.length > 20)).toEqual([]);
    expect(lines.join('').replaceAll(' ', '')).toBe(text.replaceAll(' ', ''));
    expect(wrapped('', 20)).toEqual([]);
  });

  test('actions are listed, as a table of the documents too', async () => {
    expect((await usher(['actions'])).out).toContain('token.revoke\tAccess token revoked\t');
    expect((await usher(['actions', '--markdown'])).out).toContain('| `token.revoke` |');
  });
});

test('export writes CSV, in words', async () => {
  const { out } = await usher(['export', '--format', 'csv']);
  const [head, row, ...more] = out.trimEnd().split('\r\n');
  expect(head).toMatch(/^sequence,time,who,sentence,/);
  expect(row).toMatch(
    /^1,.*,admin token,admin token changed shop \(now web shop\): scopes b a → none,token\.update,/,
  );
  expect(more).toHaveLength(4);
});
