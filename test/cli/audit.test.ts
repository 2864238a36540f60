/**
 * `usher audit`, run as a process against a fake API Manager whose log the store's code chained.
 */

import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ChainedEvent } from '../../src/store/audit.ts';
import { chain, emptyChain } from '../../src/store/audit.ts';
import type { FakeManager } from './fake-manager.ts';
import { startFakeManager } from './fake-manager.ts';
import { runUsher } from './run-usher.ts';

const folder = mkdtempSync(join(tmpdir(), 'usher-audit-'));
afterAll(() => rmSync(folder, { recursive: true }));

function makeLog(length: number): ChainedEvent[] {
  const log: ChainedEvent[] = [];
  for (let n = 1; n <= length; n += 1) {
    const event = {
      id: `event-${n}`,
      time: 1_700_000_000_123 + n,
      action: 'token.update',
      actor: 'admin',
      peer: '127.0.0.1',
      tokenId: 't',
      ...(n % 2 && { before: { scopes: ['b', 'a'], n: 0.1 }, after: { ü: null, n } }),
      detail: '',
      requestId: '',
    };
    log.push(chain(log.at(-1) ?? emptyChain, event));
  }
  return log;
}

let manager: FakeManager;
let log: ChainedEvent[] = [];
beforeAll(async () => {
  manager = await startFakeManager({
    tokens: {
      listAuditEvents({ pageSize, pageToken, oldestFirst }) {
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
    expect(JSON.parse(out)).toEqual({ whole: true, entries: 5, hash: log.at(-1)?.hash });
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
