/** Lets a call that creates something be repeated: what it chose at random is kept by its request id. */

import { hash } from 'node:crypto';
import type { Documents } from '../store/documents.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import type { Caller } from './caller.ts';
import { TokenError } from './errors.ts';
import { invalid } from './faults.ts';

/** A call that may be a repeat. */
interface Claimed {
  caller: Caller;
  /** Its name, to which the request id is bound. */
  rpc: string;
  /** "" for none: then nothing is kept. */
  requestId: string;
  /** What it asks for. */
  asked: unknown;
}

/**
 * Resolves to what this call shall use: `value`, or what the first call with this request id used. Throws
 * INVALID_ARGUMENT when that was a different call, or Unavailable.
 */
export type Claim = (call: Claimed, value: string) => Promise<string>;

/** Creates it. Request ids are kept for `keepMs` milliseconds, beside those of jobs. */
export function createClaim(
  documents: Pick<Documents, 'document' | 'changeDocument'>,
  keys: Pick<MasterKeys, 'sealPlace' | 'openPlace'>,
  now: () => number,
  keepMs: number,
): Claim {
  return async ({ caller, rpc, requestId, asked }, value) => {
    if (requestId === '') return value;
    const context = `${rpc} ${caller.actor} ${requestId.toLowerCase()}`;
    const id = `r.${hash('sha256', context, 'base64url')}`;
    const digest = hash('sha256', JSON.stringify(asked));
    // It may be a secret.
    const body = { digest, value: keys.sealPlace(value, context) };
    const claimed = await documents.changeDocument({
      ...{ collection: 'jobs', id, before: 0, body, keepUntil: now() + keepMs },
    });
    if (claimed === 'done') return value;
    const found = (await documents.document('jobs', id))?.body;
    if (found !== undefined && found.digest !== digest) {
      throw invalid('request_id', 'was used for a different call');
    }
    const first = keys.openPlace(String(found?.value ?? ''), context);
    if (first !== undefined) return first;
    throw new TokenError('ABORTED', 'the master key of this request id is gone: use another one');
  };
}
