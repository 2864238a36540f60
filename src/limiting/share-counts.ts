/** Shares counts with other replicas through the store, in the background. */

import { randomBytes } from 'node:crypto';
import type { LimitCounter, LimitDelta, LimitTotals, SlotCount } from '../store/limit-counts.ts';
import { takeTotals, toSend } from './counter.ts';
import type { Counters } from './counters.ts';
import type { SharingLimits } from './limits.ts';
import { isIdle, type Placed } from './placed.ts';
import type { Sharing } from './token-limits.ts';

/** Sharing that runs. */
export interface RunningSharing extends Sharing {
  /** For how long counts have waited for the store, in milliseconds; 0 when it has them all. */
  waitingMs(): number;
  /** Sends what waits, until the store has it or fails. */
  flush(): Promise<void>;
  /** Sends what waits, and ends. */
  close(): Promise<void>;
}

/** What sharing needs. */
export interface SharingDeps {
  counters: Counters;
  store: LimitCounter;
  /**
   * Keyed hashes of a subject, one for each master key, the one that writes first: the store holds no
   * subject.
   */
  digests(tokenId: string, subject: string): readonly string[];
  /** Milliseconds since 1970. */
  now(): number;
  monotonicMs(): number;
  limits: SharingLimits;
  /** Called when the store has not taken the counts for a while, and when it has again. */
  onAway(isAway: boolean): void;
  /** Called when the store held what is no count. */
  onBroken(): void;
}

/** Starts it. */
export function shareCounts(deps: SharingDeps): RunningSharing {
  const { counters, limits, now, monotonicMs } = deps;
  const { waiting } = counters;
  const replica = randomBytes(6).toString('base64url');
  let inUse = counters.all()[Symbol.iterator]();
  let sequence = 0;
  let waitsSince: number | undefined;
  let isAway = false;

  const nextInUse = () => {
    const { value } = inUse.next();
    if (value === undefined) inUse = counters.all()[Symbol.iterator]();
    return value as Placed | undefined;
  };
  /** Looks at a part of the counters: some are to be asked about, others are not needed any more. */
  const look = (chosen: Set<Placed>) => {
    const at = now();
    for (let step = 0; step < Math.min(limits.perRoundMax, counters.count); step++) {
      const counter = nextInUse();
      if (counter === undefined) return;
      const idleMs = Math.abs(at - counter.askedAt);
      if (idleMs > limits.forgetMs && !waiting.has(counter)) {
        const isInStore = counter.isSettled && counters.isReadable;
        if (isInStore || isIdle(counter, at)) counters.remove(counter);
      } else if (idleMs < limits.inUseMs && !counter.isShared) {
        if (Math.abs(at - counter.answeredAt) >= limits.refreshMs) chosen.add(counter);
      }
      if (chosen.size >= limits.perRoundMax) return;
    }
  };
  const choose = (): Placed[] => {
    const chosen = new Set<Placed>();
    for (const counter of waiting) {
      if (chosen.size >= limits.perRoundMax) break;
      chosen.add(counter);
    }
    look(chosen);
    return [...chosen];
  };

  const take = (counter: Placed, totals: LimitTotals | undefined) => {
    if (totals === undefined) return;
    counter.sent = undefined;
    counter.isRead = true;
    counter.answeredAt = now();
    takeTotals(counter, counter.rule.slots, totals.slots);
    if (totals.isBroken) deps.onBroken();
    if (counter.unsent !== undefined) return;
    waiting.delete(counter);
    counters.settle(counter, true);
  };
  const round = async () => {
    const isFull = waiting.size > limits.perRoundMax;
    const chosen = choose();
    if (chosen.length === 0) return { isFull, isWhole: true };
    sequence = Math.max(sequence + 1, now());
    const asked = chosen.map(counter => asksFor(counter, sequence, deps));
    const deltas = asked.flatMap(({ main, others }) => [main, ...others]);
    const answers = await deps.store.countLimits(replica, deltas);
    let place = 0;
    for (const [n, counter] of chosen.entries()) {
      const end = place + 1 + (asked[n]?.others.length ?? 0);
      const [main, ...others] = answers.slice(place, end);
      place = end;
      for (const totals of others) {
        const sums = totals?.slots.map(
          ([slot, total]): SlotCount => [slot, total + sentIn(counter, slot)],
        );
        takeTotals(counter, counter.rule.slots, sums ?? []);
      }
      take(counter, main);
    }
    // A master of a Cluster can be away. What only asks can wait for the next round.
    return { isFull, isWhole: chosen.every(({ sent }) => sent === undefined) };
  };
  const tell = () => {
    if (waiting.size === 0) waitsSince = undefined;
    const next = waitingMs() > limits.tellMs;
    if (next !== isAway) deps.onAway(next);
    isAway = next;
  };
  const waitingMs = () => (waitsSince === undefined ? 0 : monotonicMs() - waitsSince);

  let timer: NodeJS.Timeout | undefined;
  let running: Promise<boolean> | undefined;
  let dueMs = Number.POSITIVE_INFINITY;
  let isClosed = false;
  /** Resolves to whether the store took all that was sent. One round at a time. */
  const run = (): Promise<boolean> => {
    running ??= round()
      .catch(() => ({ isFull: false, isWhole: false }))
      .then(({ isFull, isWhole }) => {
        running = undefined;
        counters.isReadable = isWhole;
        // Counts of now wait from now on.
        if (isWhole) waitsSince = waiting.size === 0 ? undefined : monotonicMs();
        tell();
        plan(isFull ? limits.firstMs : limits.syncMs);
        return isWhole;
      });
    return running;
  };
  const plan = (inMs: number) => {
    const at = monotonicMs() + inMs;
    if (isClosed || running !== undefined || (timer !== undefined && dueMs <= at)) return;
    clearTimeout(timer);
    dueMs = at;
    timer = setTimeout(() => {
      timer = undefined;
      void run();
    }, inMs).unref();
  };
  const changed = (counter: Placed) => {
    if (counter.isShared) return;
    waiting.add(counter);
    counters.settle(counter, false);
    waitsSince ??= monotonicMs();
  };
  const flush = async () => {
    await running;
    while (waiting.size > 0 && (await run()));
  };
  plan(limits.syncMs);

  return {
    changed,
    begins(counter) {
      changed(counter);
      // While the store is away, it is asked as seldom as without new counters.
      if (counters.isReadable) plan(limits.firstMs);
    },
    inUseMs: limits.inUseMs,
    waitingMs,
    flush,
    async close() {
      isClosed = true;
      clearTimeout(timer);
      await flush();
    },
  };
}

/** What it sent of a slot: counts under another name do not have it. */
function sentIn({ sent }: Placed, slot: number): number {
  return sent?.added.find(([each]) => each === slot)?.[1] ?? 0;
}

/** What a counter sends; `others` only ask, by what its subject was called under other master keys. */
function asksFor(
  counter: Placed,
  sequence: number,
  { digests, now }: Pick<SharingDeps, 'digests' | 'now'>,
): { main: LimitDelta; others: LimitDelta[] } {
  const { tokenId, rule, subject, newest, isRead } = counter;
  const { slots, per } = rule;
  const at = now();
  const sent = toSend(counter, sequence);
  const names =
    per === 'subject'
      ? digests(tokenId, subject).map(digest => `${rule.name}/${digest}`)
      : [rule.name];
  const [first = rule.name, ...more] = names;
  const common = {
    tokenId,
    sequence: sent?.sequence ?? sequence,
    oldest: Math.min(newest, slots.at(at)) - slots.kept + 1,
    keepMs: slots.keepMs(at),
  };
  const nothing = { added: [], known: [] };
  return {
    main: { ...common, counter: first, added: sent?.added ?? [], known: sent?.known ?? [] },
    others: isRead ? [] : more.map(name => ({ ...common, ...nothing, counter: name })),
  };
}
