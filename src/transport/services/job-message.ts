/** Jobs as messages. */

import { create, fromJson, type MessageInitShape } from '@bufbuild/protobuf';
import { durationFromMs, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Kind, ListAccessTokensRequestSchema } from '../../gen/usher/v1/access_token_pb.ts';
import {
  type JobActSchema,
  type Job as JobMessage,
  JobSchema,
  type JobSelectionSchema,
  JobState,
} from '../../gen/usher/v1/jobs_pb.ts';
import type { Caller } from '../../tokens/caller.ts';
import { hasEnded, type Job, type NewSecret } from '../../tokens/jobs/job.ts';

const states: Record<Job['state'], JobState> = {
  counting: JobState.COUNTING,
  ready: JobState.READY,
  running: JobState.RUNNING,
  done: JobState.DONE,
  canceled: JobState.CANCELED,
  failed: JobState.FAILED,
};

/** A job as its message for a caller. `now` is in milliseconds since 1970. */
export function jobMessage(job: Job, caller: Caller, now: number): JobMessage {
  const { id, creator, examined, count, leftOut, failures, endReason = '', underway } = job;
  const areSecretsOver = job.secretsUntil !== undefined && job.secretsUntil <= now;
  return create(JobSchema, {
    ...{ id, examined, count, leftOut, endReason },
    act: actMessage(job.act),
    selection: selectionMessage(job.selection),
    state: states[job.state],
    actor: creator.actor,
    actorName: creator.name,
    own: creator.actor === caller.actor,
    createTime: timestampFromMs(job.createdAt),
    ...(job.startedAt !== undefined && { startTime: timestampFromMs(job.startedAt) }),
    ...(job.endedAt !== undefined && { endTime: timestampFromMs(job.endedAt) }),
    ...(job.state === 'ready' && { startBeforeTime: timestampFromMs(job.startBefore) }),
    done: job.done + underway.done,
    failed: job.failed + underway.failed,
    failures: failures.map(([reason, of]) => ({ reason, count: of })),
    canceling: job.cancel !== undefined && !hasEnded(job),
    secrets: areSecretsOver ? 0 : job.secrets,
    ...(job.secretsUntil !== undefined &&
      job.secrets > 0 && { secretsExpireTime: timestampFromMs(job.secretsUntil) }),
  });
}

/** A new secret as its message. */
export function jobSecretMessage({ kind, ...secret }: NewSecret) {
  return { ...secret, kind: kind === 'static' ? Kind.STATIC : Kind.JWT };
}

function actMessage(act: Job['act']): MessageInitShape<typeof JobActSchema> {
  switch (act.kind) {
    case 'revoke':
      return { act: { case: 'revoke', value: { reason: act.reason } } };
    case 'rotate': {
      const grace = durationFromMs(act.graceSeconds * 1000);
      return { act: { case: 'rotate', value: { grace } } };
    }
    case 'expiry': {
      const { expiresAt } = act;
      const value = expiresAt === undefined ? {} : { expireTime: timestampFromMs(expiresAt) };
      return { act: { case: 'setExpiry', value } };
    }
    default:
      return { act: { case: 'setOwner', value: { owner: act.owner ?? '' } } };
  }
}

function selectionMessage(
  selection: Job['selection'],
): MessageInitShape<typeof JobSelectionSchema> {
  switch (selection.kind) {
    case 'ids':
      return { selection: { case: 'ids', value: {} } };
    case 'owner':
      return { selection: { case: 'owner', value: selection.owner } };
    default: {
      // A filter of a newer Usher may have fields that this one does not know.
      const options = { ignoreUnknownFields: true };
      const value = fromJson(ListAccessTokensRequestSchema, selection.shown, options);
      return { selection: { case: 'filter', value } };
    }
  }
}
