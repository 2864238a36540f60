/** WatchInvalidations: tells each watcher what changed, and how far it may believe that nothing did. */

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

/** What watching needs. `monotonicMs` is `performance.now`. */
export interface WatchDeps {
  changes: Changes;
  limits: Omit<WatchLimits, 'changesKeptMax'>;
  monotonicMs: () => number;
}

type Watch = ServerStreaming<(typeof VerifierService)['method']['watchInvalidations']>;

/** The handler. A watcher that reads slowly takes up no memory: beyond what is kept it is reset. */
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
        'too many watchers; ask without a watch, or elsewhere',
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

/** The messages of one watch, each made of how things are when it is asked for. */
export function createTell(
  changes: Changes,
  limits: Pick<WatchLimits, 'leaseMs' | 'idsMax'>,
  resumeFrom: string,
  receivedMs: number,
) {
  let place = placeOf(resumeFrom, changes);
  let isFirst = true;
  return {
    /** Whether there are changes that were not told. */
    hasMore: () => place !== changes.end(),
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

/** The place to go on from; undefined where this server cannot tell what was missed. */
function placeOf(position: string, { instance, end }: Changes): number | undefined {
  const [of, number = ''] = position.split(':');
  if (of !== instance || !/^\d{1,15}$/.test(number)) return undefined;
  return Number(number) <= end() ? Number(number) : undefined;
}

/** Without ids all is reset; with none it is a heartbeat. */
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

/** Waits for a change, a heartbeat's time, or the end of the call. */
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
