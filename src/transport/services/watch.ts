/**
 * WatchInvalidations: streams to each watcher what changed, and until when the list is complete.
 */

import { create } from '@bufbuild/protobuf';
import type {
  VerifierService,
  WatchInvalidationsResponse,
} from '../../gen/usher/v1/verifier_pb.ts';
import { WatchInvalidationsResponseSchema } from '../../gen/usher/v1/verifier_pb.ts';
import type { ServerStreaming } from '../rpc/handlers.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import { durationOfMs } from '../rpc/time.ts';
import type { Changes } from './changes.ts';
import type { WatchLimits } from './limits.ts';

/** What WatchInvalidations needs. */
export interface WatchDeps {
  changes: Changes;
  limits: Omit<WatchLimits, 'changesBacklogMax'>;
  /** `performance.now`. */
  monotonicMs: () => number;
}

type Watch = ServerStreaming<(typeof VerifierService)['method']['watchInvalidations']>;

/**
 * The handler of WatchInvalidations; ends with RESOURCE_EXHAUSTED beyond `watchersMax`. No messages
 * queue up for a slow watcher: once it falls behind the retained changes, it gets a reset.
 */
export function createWatch({ changes, limits, monotonicMs }: WatchDeps): Watch {
  let watchers = 0;

  async function* follow(resumeFrom: string, receivedMs: number, signal: AbortSignal) {
    const waiting = createWait(limits.heartbeatMs, signal);
    const unlisten = changes.onChange(waiting.wake);
    try {
      const tell = createTell(changes, limits, resumeFrom, receivedMs);
      while (!signal.aborted) {
        yield tell.next();
        if (!tell.hasMore()) await waiting.next();
      }
    } finally {
      unlisten();
      waiting.stop();
    }
  }

  async function* counted(messages: AsyncGenerator<WatchInvalidationsResponse>) {
    if (watchers >= limits.watchersMax) {
      throw new RpcError(
        'RESOURCE_EXHAUSTED',
        'too many watchers; verify without a watch, or try another server',
      );
    }
    watchers++;
    try {
      yield* messages;
    } finally {
      watchers--;
    }
  }

  return ({ resumePosition }, { signal }) => counted(follow(resumePosition, monotonicMs(), signal));
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
