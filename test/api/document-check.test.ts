/** The comparison of documents with the audit log, case by case. */

import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createClient, createRouterTransport } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { auditEntries } from '../../src/api/audit-log.ts';
import type { Admin } from '../../src/api/connect.ts';
import { checkDocuments } from '../../src/api/document-check.ts';
import { emptyNotes, noteChanges } from '../../src/api/log-notes.ts';
import { checkRecords } from '../../src/api/record-check.ts';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import { StoreService } from '../../src/gen/usher/v1/store_pb.ts';
import { type AuditEvent, type ChainedEvent, chain, emptyChain } from '../../src/store/audit.ts';
import { auditEventMessage } from '../../src/transport/services/audit-events.ts';

const readAt = 1_700_000_000_000;
const hour = 3_600_000;

/** A server with a log, and with documents and records that are listed by name with their revision or event. */
class World {
  log: ChainedEvent[] = [];
  documents: Record<string, number> = {};
  records: Record<string, string> = {};
  /** Called before a document is read alone. */
  onRead = () => {};
  /** Number of the first entry that was not removed. */
  first = 1;

  /** Adds an entry about a document, such as "people/ann", or about no document for "". */
  entry(action: string, name: string, document: object = {}): this {
    const [collection = '', id = ''] = name.split('/');
    const after = name === '' ? {} : { after: { document: { collection, id, ...document } } };
    return this.add({ action, ...after });
  }
  add(more: Partial<AuditEvent>): this {
    const event = { id: `event-${this.log.length + 1}`, time: readAt, action: '', actor: 'admin' };
    const rest = { peer: '', tokenId: '', detail: '', requestId: '' };
    this.log.push(chain(this.log.at(-1) ?? emptyChain, { ...event, ...rest, ...more }));
    return this;
  }

  async check() {
    const transport = createRouterTransport(router => {
      router.service(AccessTokenService, {
        listAuditEvents: ({ fromSequence, tokenId }) => {
          const from = Math.max(this.first, Number(fromSequence));
          const left = this.log.filter(({ sequence }) => sequence >= from);
          const events = left.filter(each => tokenId === '' || each.tokenId === tokenId);
          return { events: events.map(auditEventMessage) };
        },
      });
      router.service(StoreService, {
        listRecords: ({ id }) => ({
          records: Object.entries(this.records)
            .filter(([each]) => id === '' || each === id)
            .map(([each, eventId]) => ({ id: each, eventId })),
        }),
        listDocuments: ({ name }) => {
          if (name !== '') this.onRead();
          const all = Object.entries(this.documents).filter(([at]) => name === '' || at === name);
          const documents = all.map(([at, revision]) => ({ name: at, revision: BigInt(revision) }));
          return { documents, readTime: timestampFromMs(readAt) };
        },
      });
    });
    const admin = {
      tokens: createClient(AccessTokenService, transport),
      store: createClient(StoreService, transport),
    } as Admin;
    const notes = emptyNotes();
    const all = auditEntries(admin, { oldestFirst: true, limit: 1000 });
    for await (const _ of noteChanges(all, notes));
    const records = await checkRecords(admin, notes);
    return { records, ...(await checkDocuments(admin, notes)) };
  }
}

const created = { revision: 1 };

test.each<
  [what: string, make: (world: World) => World, has: Record<string, number>, wrong: object]
>([
  [
    'what is as the log has it, or newer, or has ended, agrees',
    world =>
      world
        .entry('person.create', 'people/ann', created)
        .entry('person.update', 'people/ann', { revision: 4 })
        .entry('invitation.create', 'invitations/a', { revision: 1, until: readAt - hour })
        .entry('invitation.create', 'invitations/b', { revision: 1, until: readAt + hour })
        .entry('invitation.revoke', 'invitations/b'),
    { 'people/ann': 6 },
    [],
  ],
  [
    'a missing document is found, until it would have ended',
    world =>
      world
        .entry('webhook.create', 'webhooks/w', created)
        .entry('token.leaked', 'leaks/l', created)
        .entry('session.create', 'sessions/s', { revision: 1, until: readAt + hour }),
    {},
    [
      {
        document: 'webhooks/w',
        problem: 'it is missing; entry 1 (webhook.create) changed it last',
      },
      { document: 'leaks/l', problem: 'it is missing; entry 2 (token.leaked) changed it last' },
      {
        document: 'sessions/s',
        problem: 'it is missing; entry 3 (session.create) changed it last',
      },
    ],
  ],
  [
    'of an entry of an earlier version it is not known when the document ended',
    world =>
      world
        .entry('session.create', 'sessions/s', created)
        .entry('leak.dismiss', 'leaks/l', created),
    {},
    [],
  ],
  [
    'an older document, one that was removed, and one that no entry made are found',
    world =>
      world
        .entry('person.create', 'people/ann', created)
        .entry('person.update', 'people/ann', { revision: 2 })
        .entry('webhook.create', 'webhooks/w', created)
        .entry('webhook.remove', 'webhooks/w'),
    { 'people/ann': 1, 'webhooks/w': 1, 'people/eve': 1 },
    [
      {
        document: 'people/ann',
        problem: 'it is an older one; entry 2 (person.update) changed it last',
      },
      { document: 'webhooks/w', problem: 'it is there, and entry 4 (webhook.remove) removed it' },
      { document: 'people/eve', problem: 'no entry of the log has made it' },
    ],
  ],
  [
    'one that the server cannot use is named',
    world => world.entry('person.create', 'people/ann', created),
    { 'people/ann': 0 },
    [{ document: 'people/ann', problem: expect.stringContaining('cannot be used') }],
  ],
  [
    'jobs and deliveries, of which the log has only some changes, are left out',
    world =>
      world
        .entry('job.end', 'jobs/j', { revision: 9 })
        .entry('limit.reached', 'deliveries/d', created),
    {},
    [],
  ],
  [
    'sessions from before a restore are not expected, all others are',
    world =>
      world
        .entry('person.create', 'people/ann', created)
        .entry('session.create', 'sessions/s', { revision: 1, until: readAt + hour })
        .entry('store.restore', ''),
    {},
    [
      {
        document: 'people/ann',
        problem: 'it is missing; entry 1 (person.create) changed it last',
      },
    ],
  ],
])('%s', async (_, make, has, wrong) => {
  const world = make(new World());
  world.documents = has;
  expect(await world.check()).toMatchObject({ documents: Object.keys(has).length, wrong });
});

test('what changes while it is compared is read again, with its entry', async () => {
  const world = new World().entry('person.create', 'people/ann', created);
  world.entry('webhook.create', 'webhooks/w', created);
  world.documents = { 'people/ann': 1, 'people/new': 1 };
  world.onRead = () => {
    if (world.log.length > 2) return;
    world.entry('webhook.remove', 'webhooks/w').entry('person.create', 'people/new', created);
  };
  expect(await world.check()).toMatchObject({ documents: 2, unproven: 0, wrong: [] });
});

test('what changed last before the first entry of a shortened log is counted, and not called wrong', async () => {
  const world = new World().add({ action: 'token.create', tokenId: 'old' });
  world
    .entry('person.create', 'people/old', created)
    .add({ action: 'token.create', tokenId: 'new' });
  world.records = { old: 'event-1', new: 'event-3' };
  world.documents = { 'people/old': 1 };
  expect(await world.check()).toMatchObject({
    ...{ records: { records: 2, unproven: 0, wrong: [] }, unproven: 0, wrong: [] },
  });
  world.first = 3;
  expect(await world.check()).toMatchObject({
    ...{ records: { records: 2, unproven: 1, wrong: [] }, unproven: 1, wrong: [] },
  });
  // One with an entry is still compared.
  world.records = { old: 'event-1', new: 'event-0' };
  const { records } = await world.check();
  expect(records.wrong).toEqual([
    { id: 'new', problem: 'no entry of the log has made its record' },
  ]);
});

test('a record that the server cannot use is named', async () => {
  const world = new World().add({ action: 'token.create', tokenId: 'a' });
  world.records = { a: '' };
  const { records } = await world.check();
  expect(records.wrong).toEqual([{ id: 'a', problem: expect.stringContaining('cannot be used') }]);
});
