/** Acts on one access token for a job: once, however often it is asked. */

import type { AccessTokenRecord } from '../../store/record.ts';
import { type Caller, demand, writeScope } from '../caller.ts';
import { type ChangeDeps, change } from '../change.ts';
import { uuidOf } from '../derived-uuid.ts';
import { TokenError } from '../errors.ts';
import { type Grants, grantsOf } from '../grants.ts';
import { revoked, rotated, withFields } from '../new-record.ts';
import type { Job, NewSecret, Outcome } from './job.ts';

/** Acts on access tokens. */
export interface Acting {
  /** Acts with the caller's rights. Throws Unavailable. */
  act(caller: Caller, job: Job, tokenId: string): Promise<Outcome>;
  /** What an earlier act of this job did; undefined when there was none. Throws Unavailable. */
  recall(job: Job, tokenId: string): Promise<Outcome | undefined>;
}

/** Creates it. */
export function createActing(deps: ChangeDeps): Acting {
  const { store, limits } = deps;
  const requestIdOf = ({ id }: Job, tokenId: string) => uuidOf(`job ${id} ${tokenId}`);

  async function make(caller: Caller, job: Job, tokenId: string) {
    const { act } = job;
    const ask = {
      ...{ caller, action: actions[act.kind], id: tokenId, jobId: job.id },
      ...{ requestId: requestIdOf(job, tokenId), args: { ...act }, replyMs: limits.requestMs },
      ...(act.kind === 'revoke' && { detail: act.reason }),
    };
    const grants = await grantsOf(store, caller);
    return await change(deps, ask, (before, at) => {
      checkSelected(job, before);
      if (act.kind === 'revoke') return revoked(before, act.reason, at);
      if (act.kind === 'rotate') return rotated(deps, before, act.graceSeconds, at, grants);
      const next = changedFields(caller, act, before, at, grants);
      return next && { record: next };
    });
  }

  return {
    async act(caller, job, tokenId) {
      demand(caller, writeScope);
      if (job.act.kind === 'rotate' && tokenId === caller.actor)
        return { id: tokenId, failure: own };
      try {
        return outcomeOf(await make(caller, job, tokenId));
      } catch (error) {
        if (error instanceof TokenError) return { id: tokenId, failure: reasonOf(error) };
        throw error;
      }
    },

    async recall(job, tokenId) {
      const key = `${job.creator.actor}:${requestIdOf(job, tokenId)}`;
      if ((await store.findRequest(key)) === undefined) return undefined;
      // The change was made, so that this repeats its answer and asks for no right.
      const caller = { ...job.creator, scopes: [writeScope] };
      try {
        return outcomeOf(await make(caller, job, tokenId));
      } catch (error) {
        if (error instanceof TokenError) return { id: tokenId, failure: reasonOf(error) };
        throw error;
      }
    },
  };
}

const actions = {
  revoke: 'token.revoke',
  rotate: 'token.rotate',
  expiry: 'token.update',
  owner: 'token.update',
} as const;

const own = 'the job runs with the rights of this access token: rotate it by itself';

function outcomeOf({ record, secret }: { record: AccessTokenRecord; secret?: string }): Outcome {
  const { id: tokenId, name, owner = '', kind } = record;
  if (secret === undefined) return { id: tokenId };
  const made: NewSecret = { tokenId, name, owner, kind, secret };
  return { id: tokenId, secret: made };
}

/** Throws FAILED_PRECONDITION for an access token that is no longer what was selected. */
function checkSelected(job: Job, before: AccessTokenRecord | undefined): void {
  if (before === undefined) return;
  if (job.ownerMustBe !== undefined && before.owner !== job.ownerMustBe) {
    throw new TokenError('FAILED_PRECONDITION', 'it belongs to another owner by now');
  }
  const rotatedAt = before.secrets[0]?.createdAt ?? 0;
  if (job.act.kind === 'rotate' && rotatedAt > job.createdAt) {
    throw new TokenError('FAILED_PRECONDITION', 'it was rotated since it was selected');
  }
}

/** The record with the job's expiry or owner; undefined where it has that already. */
function changedFields(
  caller: Caller,
  act: Extract<Job['act'], { kind: 'expiry' | 'owner' }>,
  before: AccessTokenRecord | undefined,
  at: number,
  grants: Grants,
): AccessTokenRecord | undefined {
  const field = act.kind === 'expiry' ? 'expiresAt' : 'owner';
  const value = act.kind === 'expiry' ? act.expiresAt : act.owner;
  const isSame = before?.[field] === value && before?.revokedAt === undefined;
  return isSame ? undefined : withFields(caller, before, { [field]: value }, [field], at, grants);
}

/** In words that hold no id, so that equal reasons are counted together. */
function reasonOf({ code, message }: TokenError): string {
  return code === 'NOT_FOUND' ? 'there is no such access token, or it is not yours' : message;
}
