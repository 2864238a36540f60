/** What the embedded store keeps for a while: request ids and ended sessions, each with a checksum. */

import type { SealedRecords } from '../format/sealed.ts';
import type { StoredRequest } from '../store.ts';
import { checkSum, withSum } from './checksum.ts';
import type { Links } from './links.ts';
import type { Tables } from './tables.ts';

/** Request ids and ended sessions. What writes must run inside a write transaction. */
export interface Kept {
  /** What a request key did; undefined when that is forgotten. Throws Unavailable. */
  request(key: string, now: number): StoredRequest | undefined;
  putRequest(request: StoredRequest, now: number): void;
  /** Whether a session was ended. Throws Unavailable. */
  isSessionEnded(id: string): boolean;
  endSession(id: string, until: number, now: number): void;
}

/** Creates it. `prunedMax` is the most entries that are removed with each new one. */
export function createKept(
  tables: Tables,
  sealed: SealedRecords,
  links: Links,
  prunedMax: number,
): Kept {
  const get = (name: 'requests' | 'sessions', key: string): string | undefined => {
    const text = tables[name].get(key);
    if (text === undefined) {
      links.proveAbsent(name, [key]);
      return undefined;
    }
    const value = checkSum(`${name}/${key}`, text);
    if (value === undefined) throw sealed.unproven(name);
    return value;
  };
  const put = (name: 'requests' | 'sessions', key: string, value: string) => {
    links.add(name, [key]);
    tables[name].put(key, withSum(`${name}/${key}`, value));
  };
  /** Removes expired entries, oldest first. A damaged end may name an entry that is not over. */
  const prune = (name: 'requests' | 'sessions', ends: Tables['requestEnds'], now: number) => {
    for (const end of [...ends.getKeys({ end: [now, ''], limit: prunedMax })]) {
      const [, key] = end;
      ends.remove(end);
      const value = checkSum(`${name}/${key}`, tables[name].get(key) ?? '');
      if (value === undefined || endOf(name, value) > now) continue;
      links.remove(name, [key]);
      tables[name].remove(key);
    }
  };
  return {
    request(key, now) {
      const value = get('requests', key);
      const request = value === undefined ? undefined : (JSON.parse(value) as StoredRequest);
      return request !== undefined && request.keepUntil > now ? request : undefined;
    },
    putRequest(request, now) {
      put('requests', request.key, JSON.stringify(request));
      tables.requestEnds.put([request.keepUntil, request.key], '');
      prune('requests', tables.requestEnds, now);
    },
    isSessionEnded: id => get('sessions', id) !== undefined,
    endSession(id, until, now) {
      put('sessions', id, String(until));
      tables.sessionEnds.put([until, id], '');
      prune('sessions', tables.sessionEnds, now);
    },
  };
}

/** Until when an entry is kept, in milliseconds since 1970. */
function endOf(name: 'requests' | 'sessions', value: string): number {
  return name === 'sessions' ? Number(value) : (JSON.parse(value) as StoredRequest).keepUntil;
}
