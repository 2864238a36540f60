/** Makes deliveries of the entries of the audit log. */

import type { ChainedEvent } from '../store/audit.ts';
import type { Documents } from '../store/documents.ts';
import type { AccessTokenRecord } from '../store/record.ts';
import type { AuditLog, TokenReader } from '../store/store.ts';
import { actorName } from './actor-name.ts';
import { type Happening, membersOf, typeOfAction } from './events.ts';
import type { Lane } from './lane.ts';
import type { WebhookLimits } from './limits.ts';
import { type LogPlace, wants } from './webhook.ts';

/** What it needs. */
export interface FollowDeps {
  store: Pick<AuditLog, 'events' | 'head'> & TokenReader & Pick<Documents, 'document'>;
  limits: Pick<WebhookLimits, 'pageSize' | 'pagesMax' | 'waitingMax'>;
  /** Makes the delivery of a happening, and has it wait, unless it was made before. */
  add(lane: Lane, happening: Happening): Promise<void>;
  /** Whether this replica is the one that tells, still. */
  isHeld(): boolean;
}

/** How many entries are sent again when the log is not the one that was followed. */
const againMax = 1000;

/**
 * Makes the deliveries of what is new in the log, for each webhook from where it is. A webhook with as
 * many waiting deliveries as it may have stays where it is. Throws Unavailable.
 */
export async function followLog(deps: FollowDeps, lanes: Iterable<Lane>): Promise<void> {
  const { store, limits } = deps;
  const head = await store.head();
  // Webhooks are mostly at the same place: the page and what its entries are made of are read once.
  const pages = new Map<string, Promise<ChainedEvent[]>>();
  const told = createTold(store);
  for (const lane of lanes) {
    for (let page = 0; page < limits.pagesMax; page++) {
      const { log } = lane.progress;
      if (log.sequence === head.sequence && log.hash === head.hash) break;
      if (lane.waiting.size >= limits.waitingMax) break;
      const key = `${log.sequence} ${log.hash}`;
      const read = pages.get(key) ?? pageBehind(store, log, limits.pageSize);
      pages.set(key, read);
      const events = await read;
      if (events.length === 0) break;
      for (const event of events) {
        // What is left is for the next look, which first renews the lease.
        if (!deps.isHeld()) return;
        await tell(deps, lane, event, told);
        lane.progress.log = { sequence: event.sequence, hash: event.hash };
        if (lane.waiting.size >= limits.waitingMax) break;
      }
    }
  }
}

/**
 * The entries behind a place. Where the log is not what it was (the store lost its end), from some way
 * before: what was sent already is not sent again, since its delivery is there.
 */
async function pageBehind(
  store: Pick<AuditLog, 'events' | 'head'>,
  { sequence, hash }: LogPlace,
  limit: number,
): Promise<ChainedEvent[]> {
  const from = (after: number) =>
    store.events({ order: 'oldest', limit: limit + 1, ...(after > 0 && { after }) });
  if (sequence === 0) return await from(0);
  // The first one is the entry of the place itself, unless the log has changed or was shortened.
  const [first, ...rest] = await from(sequence - 1);
  if (first?.sequence === sequence && first.hash === hash) return rest;
  if (first !== undefined && first.sequence > sequence) return [first, ...rest];
  const end = (await store.head()).sequence;
  return await from(Math.max(0, Math.min(sequence, end) - againMax));
}

type Told = ReturnType<typeof createTold>;

/** Reads records and names once for all webhooks. */
function createTold(store: FollowDeps['store']) {
  const records = new Map<string, AccessTokenRecord | undefined>();
  const names = new Map<string, string>();
  return {
    async record(id: string): Promise<AccessTokenRecord | undefined> {
      if (id === '') return undefined;
      if (!records.has(id)) records.set(id, await store.get(id));
      return records.get(id);
    },
    async name(actor: string, owners: readonly string[] | undefined): Promise<string> {
      const key = JSON.stringify([actor, owners]);
      const name = names.get(key) ?? (await actorName(store, actor, owners));
      names.set(key, name);
      return name;
    },
  };
}

async function tell(deps: FollowDeps, lane: Lane, event: ChainedEvent, told: Told): Promise<void> {
  const type = typeOfAction(event.action);
  if (type === undefined || !lane.webhook.events.includes(type)) return;
  // A log that lost its end is followed from before that, and so is one that was restored.
  if (event.time < lane.notBefore) return;
  const record = await told.record(event.tokenId);
  if (!wants(lane.webhook, type, record?.owner)) return;
  await deps.add(lane, {
    ...{ id: event.id, type, time: event.time },
    ...(record !== undefined && { record }),
    ...(event.tokenId !== '' && { tokenId: event.tokenId }),
    actor: { id: event.actor, name: await told.name(event.actor, lane.webhook.owners) },
    members: membersOf(type, event),
  });
}
