/**
 * WatchInvalidations: streams to each watcher what changed, and until when the list is complete.
 */

import { create } from '@bufbuild/protobuf';
import type { WatchInvalidationsResponse } from '../../gen/usher/v1/verifier_pb.ts';
import {
  WatchInvalidationsResponse_ResetSchema,
  WatchInvalidationsResponseSchema,
} from '../../gen/usher/v1/verifier_pb.ts';
import type { Awaitable } from '../../store/awaitable.ts';
import type { AccessTokenRecord } from '../../store/record.ts';
import type { CoherentReader } from '../../store/store.ts';
import { haveSameOwners } from '../../tokens/caller.ts';
import type { VerifyCaller } from '../../tokens/verify-callers.ts';
import { durationOfMs } from '../rpc/time.ts';
import type { Changes } from './changes.ts';
import type { WatchLimits } from './limits.ts';
import type { Watchers } from './watchers.ts';

/** What WatchInvalidations needs. */
export interface WatchDeps {
  changes: Changes;
  /** Looks up to whom a changed access token belongs. */
  records: Pick<CoherentReader, 'find'>;
  limits: Pick<WatchLimits, 'leaseMs' | 'heartbeatMs' | 'idsMax'>;
  watchers: Watchers;
  /** `performance.now`. */
  monotonicMs: () => number;
}

/** A caller that watches. */
interface Watcher {
  /** Its last position, or "". */
  resumePosition: string;
  signal: AbortSignal;
  /** The caller when the watch began. */
  caller: VerifyCaller;
  /** The caller, as it may ask now; throws RpcError when it may no longer. Throws Unavailable. */
  admitted(): Awaitable<VerifyCaller>;
}

/** The messages for a watcher. */
export type Watch = (watcher: Watcher) => AsyncGenerator<WatchInvalidationsResponse>;

/**
 * Follows invalidations; ends with RESOURCE_EXHAUSTED beyond the limits of `watchers`, and when the caller may
 * not ask any longer, or that cannot be known. No messages queue up for a slow watcher: once it falls behind the
 * retained changes, it gets a reset.
 */
export function createWatch(deps: WatchDeps): Watch {
  const { changes, records, limits, watchers, monotonicMs } = deps;

  async function* follow(watcher: Watcher, receivedMs: number) {
    const { resumePosition, signal, caller, admitted } = watcher;
    const waiting = createWait(limits.heartbeatMs, signal);
    const unlisten = changes.onChange(waiting.wake);
    try {
      let limitedTo = caller;
      const tell = createTell(changes, limits, resumePosition, receivedMs);
      while (!signal.aborted) {
        const message = tell.next();
        const before = limitedTo;
        limitedTo = await admitted();
        const { owners: own } = limitedTo;
        if (!haveSameOwners(limitedTo, before)) message.event = reset;
        else if (own !== undefined) await keepOwn(message, own, records);
        yield message;
        if (!tell.hasMore()) await waiting.next();
      }
    } finally {
      unlisten();
      waiting.stop();
    }
  }

  async function* counted(watcher: Watcher, receivedMs: number) {
    const end = watchers.begin(watcher.caller);
    try {
      yield* follow(watcher, receivedMs);
    } finally {
      end();
    }
  }

  return watcher => counted(watcher, monotonicMs());
}

const reset: WatchInvalidationsResponse['event'] = {
  case: 'reset',
  value: create(WatchInvalidationsResponse_ResetSchema),
};

/**
 * Names only the access tokens of some owners. The message becomes a reset where one of them may have been
 * theirs: it had another owner once, is gone, or cannot be read now.
 */
async function keepOwn(
  message: WatchInvalidationsResponse,
  owners: readonly string[],
  records: Pick<CoherentReader, 'find'>,
): Promise<void> {
  if (message.event.case !== 'changed') return;
  const { tokenIds } = message.event.value;
  const found = await Promise.allSettled(tokenIds.map(async id => await records.find(id)));
  const known = found.map(each => (each.status === 'fulfilled' ? each.value.record : undefined));
  const isOwn = ({ owner = '' }: AccessTokenRecord) => owners.includes(owner);
  if (known.some(record => record === undefined || (record.hadOtherOwner && !isOwn(record)))) {
    message.event = reset;
    return;
  }
  const own = known.filter(record => record !== undefined && isOwn(record));
  message.event.value.tokenIds = own.flatMap(record => record?.id ?? []);
  if (own.length === 0) message.event = { case: undefined };
}

/**
 * Creates the messages of one watch, each from the state at the time of `next()`. `resumeFrom` is
 * the caller's last position or "", `receivedMs` the time of the call on the monotonic clock.
 */
export function createTell(
  changes: Changes,
  limits: Pick<WatchLimits, 'leaseMs' | 'idsMax'>,
  resumeFrom: string,
  receivedMs: number,
) {
  let place = placeOf(resumeFrom, changes);
  let isFirst = true;
  return {
    /** Whether there are changes that no message has included yet. */
    hasMore: () => place !== changes.end(),
    /** The next message: changes, a reset or a heartbeat. */
    next(): WatchInvalidationsResponse {
      const stretch = place === undefined ? undefined : changes.from(place, limits.idsMax);
      place = stretch?.next ?? changes.end();
      const message = messageOf(stretch?.ids, `${changes.instance}:${place}`);
      if (isFirst) message.lease = durationOfMs(limits.leaseMs);
      isFirst = false;
      const heardMs = place === changes.end() ? changes.heardMs() : undefined;
      if (heardMs !== undefined) message.heard = durationOfMs(heardMs - receivedMs);
      return message;
    },
  };
}

/** The place to resume from; undefined when the changes since then are not known here. */
function placeOf(position: string, { instance, end }: Changes): number | undefined {
  const [of, number = ''] = position.split(':');
  if (of !== instance || !/^\d{1,15}$/.test(number)) return undefined;
  return Number(number) <= end() ? Number(number) : undefined;
}

/** A reset for undefined ids, a heartbeat for an empty list. */
function messageOf(ids: string[] | undefined, position: string): WatchInvalidationsResponse {
  return create(WatchInvalidationsResponseSchema, {
    position,
    event:
      ids === undefined
        ? { case: 'reset', value: {} }
        : ids.length > 0
          ? { case: 'changed', value: { tokenIds: ids } }
          : { case: undefined },
  });
}

/** Waits for a change, the heartbeat interval or the end of the call. */
function createWait(heartbeatMs: number, signal: AbortSignal) {
  let resolve = () => {};
  const wake = () => resolve();
  signal.addEventListener('abort', wake);
  return {
    wake,
    next() {
      if (signal.aborted) return;
      return new Promise<void>(done => {
        const timer = setTimeout(done, heartbeatMs).unref();
        resolve = () => {
          clearTimeout(timer);
          done();
        };
      });
    },
    stop: () => signal.removeEventListener('abort', wake),
  };
}
