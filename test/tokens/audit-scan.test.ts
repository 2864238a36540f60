/** Reading a long log: bounded pages with progress, and finding where times are. */

import { expect, test } from 'vitest';
import type { ChainedEvent } from '../../src/store/audit.ts';
import type { AuditScan } from '../../src/store/store.ts';
import { createAudit } from '../../src/tokens/audit.ts';
import { auditLimits } from '../../src/tokens/audit-query.ts';
import { openOffice, reader } from './setup.ts';

const { store: real, keys, now } = openOffice();
const startMs = 1_700_000_000_000;

/** A log from entry `first` to `last`, one a second, as a store reads it; it counts the entries read. */
function longLog(first: number, last: number) {
  const counts = { read: 0 };
  const event = (sequence: number): ChainedEvent => ({
    ...{ sequence, id: `${sequence}`, time: startMs + sequence * 1000, hash: '' },
    ...{ action: sequence % 100_000 === 7 ? 'store.backup' : 'session.create' },
    ...{ actor: 'admin', peer: '', tokenId: '', detail: '', requestId: '' },
  });
  const store = {
    ...real,
    head: () => ({ sequence: last, hash: '', time: startMs + last * 1000 }),
    events({ order, after, limit }: AuditScan) {
      const step = order === 'newest' ? -1 : 1;
      const edge = order === 'newest' ? last : first;
      let at = after === undefined ? edge : after + step;
      if (order === 'newest' ? at > last : at < first) at = edge;
      const events: ChainedEvent[] = [];
      while (events.length < limit && at >= first && at <= last) {
        events.push(event(at));
        at += step;
      }
      counts.read += events.length;
      return events;
    },
  };
  return { audit: createAudit({ store, keys, now }), counts };
}

test('a page of a selective filter examines a bounded number of entries, and says how many are left', async () => {
  const { audit, counts } = longLog(1, 1_000_000);
  const query = { pageSize: 50, oldestFirst: false, actions: ['store.backup'] };
  const pages = [];
  let pageToken = '';
  do {
    counts.read = 0;
    const page = await audit.list(reader, { ...query, pageToken });
    expect(counts.read).toBeLessThanOrEqual(auditLimits.examinedMax + auditLimits.readAtOnce);
    pages.push(page);
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  expect(pages).toHaveLength(1_000_000 / auditLimits.examinedMax);
  expect(pages[0]).toMatchObject({ examined: auditLimits.examinedMax, events: [] });
  expect(pages[0]?.left).toBe(1_000_000 - auditLimits.examinedMax);
  expect(pages.at(-1)).toMatchObject({ left: 0, lastSequence: 1_000_000 });
  expect(pages.flatMap(({ events }) => events.map(({ sequence }) => sequence))).toEqual(
    Array.from({ length: 10 }, (_, n) => 900_007 - n * 100_000),
  );
});

test('a stretch of time is found without reading what is around it', async () => {
  const { audit, counts } = longLog(300_001, 1_000_000);
  const since = startMs + 700_000 * 1000;
  const range = { since, until: since + 60_000 };
  for (const oldestFirst of [true, false]) {
    counts.read = 0;
    const page = await audit.list(reader, { pageSize: 100, oldestFirst, ...range });
    const numbers = page.events.map(({ sequence }) => sequence).sort();
    expect([numbers.length, numbers[0], numbers.at(-1)]).toEqual([60, 700_000, 700_059]);
    expect(page.nextPageToken).toBe('');
    expect(counts.read).toBeLessThan(1500);
  }
});

test('a page starts at an entry, with the newer ones left out', async () => {
  const { audit, counts } = longLog(1, 1_000_000);
  const query = { pageSize: 3, oldestFirst: false, fromSequence: 500_000 };
  const { events, left } = await audit.list(reader, query);
  expect(events.map(({ sequence }) => sequence)).toEqual([500_000, 499_999, 499_998]);
  expect(left).toBe(499_997);
  expect(counts.read).toBeLessThan(10);
});
