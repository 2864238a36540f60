/**
 * Checks what callers ask of access tokens, as far as that needs no record. Each function throws one
 * INVALID_ARGUMENT for all that is wrong, together with what `faults` holds already: fields that
 * could not be read, which are absent here. Times are in milliseconds since 1970.
 */

import type { Kind } from '../store/record.ts';
import { Faults } from './faults.ts';
import {
  checkFields,
  checkRequestId,
  checkShownText,
  checkUuid,
  type Fields,
  fieldLimits,
  invalid,
} from './fields.ts';
import { checkTarget, type JwtTarget } from './revoke-jwts.ts';

/** Longest grace period of a rotation, in seconds: 30 days. */
export const graceSecondsMax = 30 * 86_400;

/** A request for a change that can be repeated by its request id. */
interface Repeatable {
  requestId?: string | undefined;
}

/** A request for a change of an access token. */
interface Change extends Repeatable {
  id: string;
}

/**
 * Checks the request for a new access token. The fields are left to the change, which first looks for an
 * earlier call of that request id, unless something else is wrong.
 */
export function checkCreate(
  request: Repeatable & { kind?: Kind | undefined; fields: Partial<Fields> },
  now: number,
  faults = new Faults(),
): void {
  faults.read(() => checkRequestId(request.requestId));
  if (faults.any) faults.read(() => checkFields(request.kind, request.fields, now));
  faults.end();
}

/** Checks the request for an update; the fields as in `checkCreate`. */
export function checkUpdate(
  request: Change & {
    revision?: number | undefined;
    fields: Partial<Fields>;
    mask?: readonly (keyof Fields)[] | undefined;
  },
  now: number,
  faults = new Faults(),
): void {
  const { id, revision, fields, mask, requestId } = request;
  faults.read(() => {
    if (mask?.length === 0) throw invalid('update_mask', 'names no field');
  });
  faults.read(() => {
    if (revision === 0) throw invalid('revision', 'is required: the revision that you read');
  });
  faults.read(() => checkUuid('id', id));
  faults.read(() => checkRequestId(requestId));
  if (faults.any) {
    const chosen = Object.fromEntries((mask ?? []).map(name => [name, fields[name]]));
    faults.read(() => checkFields(undefined, chosen, now));
  }
  faults.end();
}

/** Checks the request for a rotation. */
export function checkRotate(
  { id, graceSeconds, requestId }: Change & { graceSeconds?: number | undefined },
  faults = new Faults(),
): void {
  faults.read(() => {
    if (graceSeconds === undefined) return;
    const isWhole = Number.isInteger(graceSeconds);
    if (isWhole && graceSeconds >= 0 && graceSeconds <= graceSecondsMax) return;
    throw invalid('grace', `must be whole seconds, 0 to ${graceSecondsMax} (30 days)`);
  });
  faults.read(() => checkUuid('id', id));
  faults.read(() => checkRequestId(requestId));
  faults.end();
}

/** Checks the request for a revocation, of an access token or (with `target`) of its JWTs. */
export function checkRevoke(
  { id, reason, target, requestId }: Change & { reason: string; target?: JwtTarget | undefined },
  faults = new Faults(),
): void {
  faults.read(() => checkShownText('reason', reason, fieldLimits.reasonLengthMax));
  faults.read(() => target && checkTarget(target));
  faults.read(() => checkUuid('id', id));
  faults.read(() => checkRequestId(requestId));
  faults.end();
}
