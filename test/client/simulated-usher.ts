/** A store, servers and an SDK client in simulated time, with the real caches and the real watch. */

import { create } from '@bufbuild/protobuf';
import { answerOf } from '../../src/client/usher-verdict.ts';
import { createVerdictCache } from '../../src/client/verdict-cache.ts';
import { createWatchReader } from '../../src/client/watch-reader.ts';
import { VerifyResponseSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { createCoherentReader } from '../../src/store/cache/coherent.ts';
import { createLease, type FeedListener } from '../../src/store/feed.ts';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { type Found, Unavailable } from '../../src/store/store.ts';
import { createChanges } from '../../src/transport/services/changes.ts';
import { createTell } from '../../src/transport/services/watch.ts';
import { defaultLimits } from '../limits.ts';
import { type Actor, createWay, type Schedule } from './simulated-time.ts';

/** The lease of the servers, in milliseconds. */
export const leaseMs = 2000;
const ids = ['a', 'b', 'c'];
const actor = (): Actor => ({ suspendedUntil: 0 });

/** The store, which has the true state of each access token. */
export function simulatedStore(schedule: Schedule) {
  const records = new Map(ids.map(id => [id, recordOf(id, 1)]));
  const revokedAt = new Map<string, { begunMs: number; acknowledgedMs: number }>();
  const listeners = new Set<(id: string) => void>();
  const write = (id: string, revoke: boolean) => {
    const { revision } = records.get(id) as AccessTokenRecord;
    records.set(id, recordOf(id, revision + 1, revoke || revokedAt.has(id)));
    const begunMs = schedule.now();
    if (revoke) revokedAt.set(id, { begunMs, acknowledgedMs: begunMs + schedule.between(0, 5) });
    for (const listener of listeners) listener(id);
  };
  return { records, revokedAt, listeners, write, self: actor(), isDown: false };
}

type Store = ReturnType<typeof simulatedStore>;

function recordOf(id: string, revision: number, revoked = false): AccessTokenRecord {
  return {
    ...{ id, revision, kind: 'static', name: id, scopes: [], secrets: [], eventId: '' },
    ...{ createdAt: 0, updatedAt: 0, ...(revoked && { revokedAt: 1 }) },
  };
}

/** A server: the real cache and the real watch, over a feed that can be cut. */
export function simulatedServer(schedule: Schedule, store: Store) {
  const self = actor();
  const lease = createLease(leaseMs, schedule.now);
  const listeners = new Set<FeedListener>();
  const tellAll = () => {
    for (const each of listeners) each.changedAll();
  };
  let feedWay = createWay(schedule, self, () => 20);
  let connection = 0;

  const ping = (mine: number, first: boolean) => {
    if (mine !== connection) return;
    const askedMs = schedule.now();
    let answered = false;
    schedule.after(schedule.between(0, 10), store.self, () =>
      feedWay.send(() => {
        if (mine !== connection) return;
        answered = true;
        if (first) tellAll();
        lease.renew(askedMs);
        schedule.after(400, self, () => ping(mine, false));
      }),
    );
    schedule.after(600, self, () => {
      if (answered || mine !== connection) return;
      lease.end();
      tellAll();
      connect();
    });
  };
  const connect = () => {
    const mine = ++connection;
    const way = createWay(schedule, self, () => 20);
    feedWay = way;
    schedule.after(schedule.between(1, 300), self, () => {
      if (mine !== connection) return;
      store.listeners.add(id => {
        if (mine === connection) way.send(() => tell(id));
      });
      ping(mine, true);
    });
  };
  const tell = (id: string) => {
    for (const each of listeners) each.changed(id);
  };
  const feed = {
    kind: 'tracking' as const,
    isLive: lease.isLive,
    lagMs: lease.ageMs,
    listen(listener: FeedListener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    close: async () => {},
  };
  const get = (id: string) =>
    new Promise<AccessTokenRecord | undefined>((resolve, reject) => {
      schedule.after(schedule.between(0, 30), store.self, () => {
        const record = store.records.get(id);
        const { isDown } = store;
        schedule.after(schedule.between(0, 30), self, () =>
          isDown ? reject(new Unavailable('down')) : resolve(record),
        );
      });
    });
  const reader = createCoherentReader({ get }, feed, schedule.now, defaultLimits.store.cache);
  connect();
  return {
    self,
    find: async (id: string): Promise<Found> => reader.find(id),
    changes: createChanges(feed, 16, schedule.now),
    /** Cuts the feed without closing its connection. */
    cutFeed: () => feedWay.cut(),
  };
}

type Server = ReturnType<typeof simulatedServer>;

/** An SDK client. It watches one server at a time, and reports each verdict that it would return. */
export function simulatedClient(
  schedule: Schedule,
  servers: readonly Server[],
  onVerdict: (id: string, valid: boolean, startedMs: number, kept: boolean) => void,
) {
  const self = actor();
  const cache = createVerdictCache({
    ...{ bytesMax: 200_000, headersMax: 100, unknownTtlMs: 1000 },
    ...{ requirementsMax: 2, sourcesMax: 4, changesMax: 4, plainMs: 1000 },
  });
  const reader = createWatchReader(cache, 60_000);
  let current = 0;
  let ways = [createWay(schedule, self, () => 50)];
  const delay = () => (schedule.random() < 0.05 ? 1500 : 40);

  const watch = () => {
    const server = servers[current] as Server;
    const openedMs = schedule.now();
    const way = createWay(schedule, self, delay);
    const mine = [way];
    ways = mine;
    const check = () => {
      if (ways !== mine) return;
      const isOver = schedule.now() >= Math.max(openedMs + leaseMs, cache.validUntilMs());
      if (isOver) leave();
      else schedule.after(100, self, check);
    };
    schedule.after(100, self, check);
    const resumeFrom = reader.position();
    schedule.after(schedule.between(0, 40), server.self, () => {
      const limits = { leaseMs, idsMax: 3 };
      const tell = createTell(server.changes, limits, resumeFrom, schedule.now());
      const say = () => {
        if (ways !== mine) return;
        do {
          const message = tell.next();
          way.send(() => void (ways === mine && reader.read(message, openedMs)));
        } while (tell.hasMore());
      };
      const beat = () => {
        say();
        if (ways === mine) schedule.after(leaseMs / 8, server.self, beat);
      };
      server.changes.onChange(() => schedule.after(schedule.between(0, 3), server.self, say));
      beat();
    });
  };
  const leave = () => {
    ways = [];
    if (schedule.random() < 0.5) current = (current + 1) % servers.length;
    schedule.after(schedule.between(1, 200), self, watch);
  };
  watch();

  return {
    self,
    /** Cuts the watch: silently, or with an error that the client sees. */
    cutWatch(noticed: boolean) {
      for (const way of ways) way.cut();
      if (noticed && ways.length > 0) leave();
    },
    use(id: string) {
      const startedMs = schedule.now();
      const verdict = cache.find(id, '', [], '', startedMs);
      if (verdict !== undefined) return onVerdict(id, verdict.valid, startedMs, true);
      const place = schedule.random() < 0.6 ? current : schedule.between(0, servers.length - 1);
      const server = servers[place] as Server;
      const mark = cache.mark();
      schedule.after(schedule.between(0, 40), server.self, () => {
        const answer = ({ record, stale }: Found) => {
          const valid = record?.revokedAt === undefined;
          const response = create(VerifyResponseSchema, { valid, tokenId: id, stale, reason: 8 });
          const { instance } = server.changes;
          schedule.after(schedule.between(0, schedule.random() < 0.1 ? 3000 : 40), self, () => {
            const question = { header: id, audience: '', scopes: [], source: '' };
            cache.keep(question, answerOf(response, instance), mark, startedMs);
            onVerdict(id, valid, startedMs, false);
          });
        };
        server.find(id).then(answer, () => undefined);
      });
    },
    close: () => cache.close(),
  };
}

/** The access tokens of a store. */
export const tokenIds = ids;
