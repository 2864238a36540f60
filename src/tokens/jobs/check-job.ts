/** Checks what callers ask of jobs. Times are in milliseconds since 1970. */

import { type Caller, ownerFor } from '../caller.ts';
import { graceSecondsMax } from '../check-request.ts';
import { Faults } from '../faults.ts';
import {
  checkRequestId,
  checkShownText,
  checkText,
  checkUuid,
  fieldLimits,
  invalid,
} from '../fields.ts';
import type { JobAct, JobSelection } from './job.ts';

/** A job as a caller describes it. */
export interface NewJob {
  act: JobAct;
  selection: JobSelection;
  requestId?: string | undefined;
  /** Whether it starts as soon as it is counted. */
  start: boolean;
}

/** Checks a new job. Throws one INVALID_ARGUMENT for all that is wrong, and what `faults` holds. */
export function checkJob(
  job: Partial<NewJob>,
  idsMax: number,
  now: number,
  faults = new Faults(),
): void {
  const { act, selection, requestId } = job;
  faults.read(() => act && checkAct(act, now));
  faults.read(() => selection && checkSelection(selection, idsMax));
  faults.read(() => checkRequestId(requestId));
  faults.end();
}

function checkAct(act: JobAct, now: number): void {
  switch (act.kind) {
    case 'revoke':
      checkShownText('act.revoke.reason', act.reason, fieldLimits.reasonLengthMax);
      return;
    case 'rotate': {
      if (act.graceSeconds >= 0 && act.graceSeconds <= graceSecondsMax) return;
      const range = `0 to ${graceSecondsMax} (30 days)`;
      throw invalid('act.rotate.grace', `must be whole seconds, ${range}`);
    }
    case 'expiry':
      if (act.expiresAt === undefined || act.expiresAt > now) return;
      throw invalid('act.set_expiry.expire_time', 'is not in the future');
    default:
      checkShownText('act.set_owner.owner', act.owner ?? '', fieldLimits.ownerLengthMax);
  }
}

function checkSelection(selection: JobSelection, idsMax: number): void {
  switch (selection.kind) {
    case 'ids': {
      const { ids } = selection;
      if (ids.length === 0) throw invalid('selection.ids.ids', 'is required');
      if (ids.length > idsMax) {
        throw invalid('selection.ids.ids', `has more than ${idsMax} entries; use a filter`);
      }
      for (const id of ids) checkUuid('selection.ids.ids', id);
      return;
    }
    case 'owner':
      if (selection.owner === '') throw invalid('selection.owner', 'is required');
      checkText('selection.owner', selection.owner, fieldLimits.ownerLengthMax);
      return;
    default:
      if (selection.query.pageSize !== 0) {
        throw invalid('selection.filter.page_size', 'must not be set');
      }
      if (selection.query.pageToken) {
        throw invalid('selection.filter.page_token', 'must not be set');
      }
  }
}

/** The act with the owner that the caller's limit gives. Throws PERMISSION_DENIED. */
export function allowedAct(caller: Caller, act: JobAct): JobAct {
  if (act.kind !== 'owner') return act;
  const owner = ownerFor(caller, act.owner) || undefined;
  return owner === undefined ? { kind: 'owner' } : { kind: 'owner', owner };
}
