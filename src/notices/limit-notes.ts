/** Notes that an access token reached its limits: in the audit log, and for the bell. */

import type { Documents } from '../store/documents.ts';
import type { AccessTokenRecord, Quota, RateLimit } from '../store/record.ts';
import { uuidOf } from '../tokens/derived-uuid.ts';
import { limitNoteLimits, type NoticeLimits } from './limits.ts';

/** The collection, and the start of the ids, of these notes. */
export const limitNotes = { collection: 'deliveries', prefix: 'limit.' } as const;

/** What a note holds. */
export interface LimitNote {
  tokenId: string;
  /** Milliseconds since 1970. */
  at: number;
}

/** What it needs. */
export interface LimitNotesDeps {
  store: Pick<Documents, 'document' | 'changeDocument'>;
  /** Milliseconds since 1970. */
  now: () => number;
  limits: Pick<NoticeLimits, 'limitEveryMs' | 'limitKeepMs'>;
  /** Called with the error when a note could not be written. */
  onFailure(error: unknown): void;
}

/**
 * Creates the function that notes an access token whose limit refused a call: once in a while for each,
 * whichever process is faster. It never throws, and its caller does not wait.
 */
export function createLimitNotes(deps: LimitNotesDeps): (record: AccessTokenRecord) => void {
  const { store, now, limits } = deps;
  /** When each was noted last, oldest first. */
  const noted = new Map<string, number>();
  let inMinute = { minute: 0, count: 0 };

  const write = async (record: AccessTokenRecord, at: number) => {
    const id = `${limitNotes.prefix}${record.id}`;
    const found = await store.document(limitNotes.collection, id);
    const before = found?.body.at;
    if (typeof before === 'number' && at - before < limits.limitEveryMs) return;
    const note: LimitNote = { tokenId: record.id, at };
    await store.changeDocument({
      ...{ collection: limitNotes.collection, id, before: found?.revision ?? 0 },
      ...{ body: { ...note }, keepUntil: at + limits.limitKeepMs },
      event: {
        // Processes that notice it at the same time add it once.
        id: uuidOf(`limit.reached ${record.id} ${Math.floor(at / limits.limitEveryMs)}`),
        ...{ time: at, action: 'limit.reached', actor: 'usher', peer: '' },
        ...{ tokenId: record.id, tokenName: record.name },
        ...{ detail: limitsText(record), requestId: '' },
      },
    });
  };
  return record => {
    const at = now();
    const last = noted.get(record.id);
    if (last !== undefined && Math.abs(at - last) < limits.limitEveryMs) return;
    const minute = Math.floor(at / 60_000);
    if (inMinute.minute !== minute) inMinute = { minute, count: 0 };
    if (inMinute.count >= limitNoteLimits.perMinuteMax) return;
    inMinute.count += 1;
    noted.delete(record.id);
    noted.set(record.id, at);
    const [oldest] = noted.keys();
    if (noted.size > limitNoteLimits.rememberedMax && oldest !== undefined) noted.delete(oldest);
    write(record, at).catch(error => {
      noted.delete(record.id);
      deps.onFailure(error);
    });
  };
}

function limitsText({ rateLimit, quota }: AccessTokenRecord): string {
  return [rateText(rateLimit), quotaText(quota)].filter(text => text !== '').join('; ');
}

function rateText(limit: RateLimit | undefined): string {
  if (limit === undefined) return '';
  const { requests, windowSeconds, per } = limit;
  return `rate limit: ${requests} requests in ${windowSeconds} s${perText(per)}`;
}

function quotaText(quota: Quota | undefined): string {
  if (quota === undefined) return '';
  return `quota: ${quota.requests} requests a ${quota.period}${perText(quota.per)}`;
}

function perText(per: RateLimit['per']): string {
  return per === 'subject' ? ' for each subject' : '';
}
