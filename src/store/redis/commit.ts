/**
 * Commits changes of access tokens in Redis. Records and the log can be on different nodes of a
 * Cluster, so a change is first written as an intent, which any process can complete.
 */

import type { AuditEvent } from '../audit.ts';
import { expiryMember } from '../cursor.ts';
import { storedEventId } from '../format/record.ts';
import type { AccessTokenRecord } from '../record.ts';
import { type Change, type Committed, type StoredRequest, Unavailable } from '../store.ts';
import { acknowledge, everything, recordedEvent, type Written } from './acknowledge.ts';
import type { Asker } from './ask.ts';
import type { RedisAudit } from './audit.ts';
import {
  auditKey,
  createdKey,
  eventKey,
  expiryKey,
  intentsKey,
  ownerKey,
  pendingKey,
  requestKey,
  tokenAuditKey,
  tokenKey,
} from './keys.ts';
import type { RedisLimits } from './limits.ts';
import type { RedisRecords } from './records.ts';
import {
  applyScript,
  beginScript,
  dropScript,
  finishScript,
  overdueScript,
  urgentBeginScript,
} from './scripts.ts';

/** A change under way, with the fields that it needs of the record it is based on. */
interface Intent {
  before?: Pick<AccessTokenRecord, 'revision' | 'owner' | 'expiresAt'>;
  record: AccessTokenRecord;
  event: AuditEvent;
  request?: StoredRequest;
}

/** Commits changes. Throws Unavailable. */
export interface RedisCommitter {
  /** As TokenWriter.commit. */
  commit(change: Change): Promise<Committed>;
  /** As TokenWriter.settle. */
  settle(tokenId: string): Promise<void>;
  /** Completes the changes that others began some time ago and did not end. */
  sweep(): Promise<void>;
}

/** Creates the committer. */
export function redisCommitter(
  asker: Asker,
  audit: RedisAudit,
  records: RedisRecords,
  limits: RedisLimits,
): RedisCommitter {
  const complete = async (intent: Intent): Promise<'done' | 'conflict'> => {
    const { before, record, event } = intent;
    const applied = await asker.run(
      applyScript,
      [tokenKey(record.id)],
      [records.encode(record), storedEventId(event.id), before?.revision ?? ''],
    );
    if (applied === 'done') {
      await acknowledge(asker, limits, appliedRecord(record));
      const [word, recorded] = await finish(asker, audit, records, intent);
      // Neither pending nor in the log: another process saw a conflict, so a failover undid this
      // change.
      if (word === 'gone' && recorded !== 1) throw new Unavailable('the change was not recorded');
      await acknowledge(asker, limits, recordedEvent(event));
      return 'done';
    }
    const [, recorded] = await drop(asker, intent);
    // When recorded, another process completed it, and a later change followed.
    return recorded === 1 ? 'done' : 'conflict';
  };

  return {
    async commit(change) {
      const intent = intentOf(change);
      for (let attempt = 0; attempt < limits.beginAttemptsMax; attempt++) {
        const [word, text] = await begin(asker, records, intent);
        if (word === 'begun') return { outcome: await complete(intent) };
        if (word === 'pending') {
          await complete(await readIntent(records, text ?? ''));
          continue;
        }
        if (word === 'repeated') {
          const key = change.request?.key ?? '';
          return { outcome: 'repeated', request: await records.decodeRequest(key, text ?? '') };
        }
        await acknowledge(asker, limits, appliedRecord(change.record));
        await acknowledge(asker, limits, recordedEvent(change.event));
        return { outcome: 'done' };
      }
      throw new Unavailable('the access token changes too fast');
    },
    async settle(tokenId) {
      const pending = await asker.ask(client => client.hget(intentsKey, tokenId));
      if (pending !== null) await complete(await readIntent(records, pending));
      await acknowledge(asker, limits, everything(tokenKey(tokenId)));
      await acknowledge(asker, limits, everything(intentsKey));
    },
    async sweep() {
      const args = [limits.intentAgeMs, limits.sweepIntentsMax];
      const texts = (await asker.run(overdueScript, [intentsKey], args)) as string[];
      const results = await Promise.allSettled(
        texts.map(async text => complete(await readIntent(records, text))),
      );
      const failed = results.find(result => result.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

function intentOf({ before, record, event, request }: Change): Intent {
  const intent: Intent = { record, event };
  if (request !== undefined) intent.request = request;
  if (before !== undefined) {
    intent.before = { revision: before.revision };
    if (before.owner !== undefined) intent.before.owner = before.owner;
    if (before.expiresAt !== undefined) intent.before.expiresAt = before.expiresAt;
  }
  return intent;
}

/** Parses an intent, which the scripts prefix with the event's id and the time. */
function readIntent(records: RedisRecords, text: string): Promise<Intent> {
  return records.decodeChange<Intent>(text.replace(/^\S+ \S+ /, ''));
}

/**
 * Creating an access token needs free memory; changing one must not, since it may be a revocation.
 */
async function begin(
  asker: Asker,
  records: RedisRecords,
  intent: Intent,
): Promise<[word: string, text?: string]> {
  const { before, record, event, request } = intent;
  const reply = await asker.run(
    before === undefined ? beginScript : urgentBeginScript,
    [intentsKey, pendingKey, requestKey(request?.key ?? ''), eventKey(event.id)],
    [record.id, event.id, records.encodeChange(intent), request?.key ?? ''],
  );
  return reply as [string, string?];
}

function finish(asker: Asker, audit: RedisAudit, records: RedisRecords, intent: Intent) {
  const { before, record, event, request } = intent;
  const id = record.id;
  const keys = [
    intentsKey,
    pendingKey,
    auditKey,
    eventKey(event.id),
    tokenAuditKey(event.tokenId),
    createdKey,
    expiryKey,
    ownerKey(before?.owner ?? ''),
    ownerKey(record.owner ?? ''),
    requestKey(request?.key ?? ''),
  ];
  const index = [
    expiryOf(before?.expiresAt, id),
    expiryOf(record.expiresAt, id),
    before?.owner === undefined ? 0 : 1,
    record.owner === undefined ? 0 : 1,
  ];
  const stored =
    request === undefined
      ? ['', '', 0]
      : [request.key, records.encodeRequest(request), request.keepUntil];
  const ofToken = event.tokenId === '' ? 0 : 1;
  return audit.link(event, entry =>
    asker.run(finishScript, keys, [id, event.id, ...entry, ...index, ...stored, ofToken]),
  );
}

function expiryOf(expiresAt: number | undefined, id: string): string {
  return expiresAt === undefined ? '' : expiryMember(expiresAt, id);
}

async function drop(asker: Asker, { record, event, request }: Intent) {
  const keys = [intentsKey, pendingKey, eventKey(event.id)];
  const reply = await asker.run(dropScript, keys, [record.id, event.id, request?.key ?? '']);
  return reply as [word: string, recorded?: number];
}

/** A record at the revision that a change made, or at a later one. */
function appliedRecord({ id, revision, eventId }: AccessTokenRecord): Written {
  return {
    look: ['GET', tokenKey(id)],
    isThere(answer) {
      if (typeof answer !== 'string') return false;
      const { rev, event } = JSON.parse(answer) as { rev: number; event: string };
      return event === storedEventId(eventId) || rev > revision;
    },
  };
}
