/** Counts the open watches: of all callers, and of each. */

import type { VerifyCaller } from '../../tokens/verify-callers.ts';
import { RpcError } from '../rpc/rpc-error.ts';
import type { WatchLimits } from './limits.ts';

/** The open watches. */
export interface Watchers {
  /** Counts one until the returned function is called. Throws RpcError RESOURCE_EXHAUSTED beyond a limit. */
  begin(caller: VerifyCaller): () => void;
  /** How many there are, by the name of their caller; "" is anyone, where access is open. */
  byName(): ReadonlyMap<string, number>;
}

/** Creates it. Where anyone may ask, all are one caller, for which only the limit of all counts. */
export function createWatchers(
  limits: Pick<WatchLimits, 'watchersMax' | 'watchersPerCallerMax'>,
): Watchers {
  const open = new Map<string, { name: string; count: number }>();
  let all = 0;
  return {
    begin(caller) {
      const { name, owners = [] } = caller;
      const key = JSON.stringify([name, ...owners]);
      const own = open.get(key) ?? { name, count: 0 };
      if (all >= limits.watchersMax) throw tooMany('too many watchers');
      if (name !== '' && own.count >= limits.watchersPerCallerMax) {
        throw tooMany('this caller has too many watchers');
      }
      open.set(key, own);
      own.count++;
      all++;
      return () => {
        all--;
        own.count--;
        if (own.count === 0) open.delete(key);
      };
    },
    byName() {
      const counts = new Map<string, number>();
      for (const { name, count } of open.values()) {
        counts.set(name, (counts.get(name) ?? 0) + count);
      }
      return counts;
    },
  };
}

function tooMany(what: string): RpcError {
  const advice = 'verify without a watch, or try another server';
  return new RpcError('RESOURCE_EXHAUSTED', `${what}; ${advice}`);
}
