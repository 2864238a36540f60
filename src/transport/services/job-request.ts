/** Converts requests of JobService to the arguments of the operations on jobs. */

import { create, toJson } from '@bufbuild/protobuf';
import { ListAccessTokensRequestSchema } from '../../gen/usher/v1/access_token_pb.ts';
import type { CreateJobRequest, JobAct, JobSelection } from '../../gen/usher/v1/jobs_pb.ts';
import type { JsonObject } from '../../store/record.ts';
import { TokenError } from '../../tokens/errors.ts';
import { Faults } from '../../tokens/faults.ts';
import { invalid } from '../../tokens/fields.ts';
import { checkJob, type NewJob } from '../../tokens/jobs/check-job.ts';
import type { JobAct as Act, JobSelection as Selection } from '../../tokens/jobs/job.ts';
import { fixedJobLimits } from '../../tokens/jobs/limits.ts';
import { millisecondsOf, wholeSeconds } from '../rpc/time.ts';
import { requestIdOf } from './access-token-request.ts';
import { listQueryOf } from './list-request.ts';

/**
 * The job that a request describes. `now` is in milliseconds since 1970. Throws one INVALID_ARGUMENT,
 * which names every field that is wrong.
 */
export function newJobOf(request: CreateJobRequest, now: number): NewJob {
  const faults = new Faults();
  const act = faults.read(() => actOf(request.act?.act));
  const selection = faults.read(() => selectionOf(request.selection?.selection));
  const requestId = requestIdOf(request);
  const job = { act, selection, requestId, start: request.start };
  if (faults.any) {
    const known = { ...(act && { act }), ...(selection && { selection }), requestId };
    checkJob(known, fixedJobLimits.idsMax, now, faults);
  }
  return job as NewJob;
}

function actOf(act: JobAct['act'] | undefined): Act {
  switch (act?.case) {
    case 'revoke':
      return { kind: 'revoke', reason: act.value.reason };
    case 'rotate': {
      const { grace } = act.value;
      return { kind: 'rotate', graceSeconds: grace ? wholeSeconds(grace, 'act.rotate.grace') : 0 };
    }
    case 'setExpiry': {
      const { expireTime } = act.value;
      if (expireTime === undefined) return { kind: 'expiry' };
      const expiresAt = millisecondsOf(expireTime, 'act.set_expiry.expire_time');
      return { kind: 'expiry', expiresAt };
    }
    case 'setOwner':
      return { kind: 'owner', ...(act.value.owner !== '' && { owner: act.value.owner }) };
    default:
      throw invalid('act', 'is required: give revoke, rotate, set_expiry or set_owner');
  }
}

function selectionOf(selection: JobSelection['selection'] | undefined): Selection {
  switch (selection?.case) {
    case 'ids':
      return { kind: 'ids', ids: selection.value.ids };
    case 'owner':
      return { kind: 'owner', owner: selection.value };
    case 'filter': {
      const query = below('selection.filter', () => listQueryOf(selection.value));
      const shown = create(ListAccessTokensRequestSchema, { ...selection.value, text: '' });
      const json = toJson(ListAccessTokensRequestSchema, shown) as JsonObject;
      return { kind: 'filter', query, shown: json };
    }
    default:
      throw invalid('selection', 'is required: give ids, filter or owner');
  }
}

/** Names the fields that are wrong by their path in the request. */
function below<T>(path: string, read: () => T): T {
  try {
    return read();
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    const violations = error.violations.map(({ field, description }) => {
      return { field: `${path}.${field}`, description };
    });
    throw new TokenError(error.code, error.message, violations);
  }
}
