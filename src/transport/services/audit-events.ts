/** Converts the requests and answers of AccessTokenService that are about the audit log. */

import { create } from '@bufbuild/protobuf';
import type {
  AuditEvent,
  FindJwtRevocationsRequest,
  ListAuditEventsRequest,
} from '../../gen/usher/v1/access_token_pb.ts';
import {
  AuditEventSchema,
  AuditOutcome,
  FindJwtRevocationsResponse_MatchSchema,
  FindJwtRevocationsResponse_Revoked as Revoked,
} from '../../gen/usher/v1/access_token_pb.ts';
import type { ChainedEvent } from '../../store/audit.ts';
import type { Audit, AuditQuery } from '../../tokens/audit.ts';
import { checkAuditQuery } from '../../tokens/audit-query.ts';
import { checkRevocationQuery, type RevocationQuery } from '../../tokens/audit-revocations.ts';
import { Faults } from '../../tokens/faults.ts';
import { invalid } from '../../tokens/fields.ts';
import { millisecondsOf, safeInteger, timestampOf } from '../rpc/time.ts';

/** The query of a request. Throws INVALID_ARGUMENT, which names every field that is wrong. */
export function auditQueryOf(request: ListAuditEventsRequest): AuditQuery {
  const { pageSize, pageToken, tokenId, oldestFirst, actor, tokenName, owner, actions } = request;
  const faults = new Faults();
  const { since, until } = request;
  const query: AuditQuery = {
    ...{ pageSize, pageToken, tokenId, oldestFirst, actor, tokenName, owner, actions },
    outcome: faults.read(() => outcomeOf(request.outcome)),
    since: faults.read(() => since && millisecondsOf(since, 'since')),
    until: faults.read(() => until && millisecondsOf(until, 'until')),
    fromSequence: faults.read(() => safeInteger(request.fromSequence, 'from_sequence')),
  };
  if (faults.any) checkAuditQuery(query, faults);
  faults.end();
  return query;
}

function outcomeOf(outcome: AuditOutcome): AuditQuery['outcome'] {
  switch (outcome) {
    case AuditOutcome.UNSPECIFIED:
      return undefined;
    case AuditOutcome.DONE:
      return 'done';
    case AuditOutcome.REFUSED:
      return 'refused';
    default:
      throw invalid('outcome', `has no value ${Number(outcome)}`);
  }
}

/** The query of a request. Throws INVALID_ARGUMENT, which names every field that is wrong. */
export function revocationQueryOf(request: FindJwtRevocationsRequest): RevocationQuery {
  const { value, tokenId, pageToken } = request;
  const faults = new Faults();
  const sequence = faults.read(() => safeInteger(request.sequence, 'sequence'));
  const query = { value, tokenId, pageToken, sequence };
  if (faults.any) checkRevocationQuery(query, faults);
  faults.end();
  return query;
}

/** A page of the log as fields of ListAuditEventsResponse. */
export function auditPageMessage(page: Awaited<ReturnType<Audit['list']>>) {
  const { events, left, lastSequence, ...others } = page;
  return {
    ...{ ...others, events: events.map(auditEventMessage) },
    ...{ left: BigInt(left), lastSequence: BigInt(lastSequence) },
  };
}

/** What was found as fields of FindJwtRevocationsResponse. */
export function revocationsMessage(page: Awaited<ReturnType<Audit['findRevocations']>>) {
  const { matches, left, ...others } = page;
  const found = matches.map(({ event, revoked }) =>
    create(FindJwtRevocationsResponse_MatchSchema, {
      event: auditEventMessage(event),
      revoked: revoked === 'jti' ? Revoked.JTI : Revoked.SUBJECT,
    }),
  );
  return { ...others, matches: found, left: BigInt(left) };
}

/** An entry of the log as an AuditEvent message. */
export function auditEventMessage(event: ChainedEvent): AuditEvent {
  const { id, action, actor, peer, tokenId, detail, requestId, hash, before, after } = event;
  const { actorName = '', tokenName = '', jobId = '' } = event;
  const message = create(AuditEventSchema, {
    ...{ id, action, actor, actorName, peer, tokenId, tokenName, detail, requestId, jobId, hash },
    sequence: BigInt(event.sequence),
    time: timestampOf(event.time),
  });
  if (before) message.before = before;
  if (after) message.after = after;
  if (event.jobId) message.jobId = event.jobId;
  return message;
}
