/** The rpcs of the audit log, over the events of the fake's state. */

import { create } from '@bufbuild/protobuf';
import { timestampMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import {
  type AccessTokenService,
  type AuditEvent,
  AuditOutcome,
  FindJwtRevocationsResponse_MatchSchema,
  FindJwtRevocationsResponseSchema,
  type ListAuditEventsRequest,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { isActionIn } from '../../src/wording/actions.ts';
import type { FakeState } from './fake-state.ts';

/** The rpcs. */
export type FakeAudit = Pick<
  ServiceImpl<typeof AccessTokenService>,
  'listAuditEvents' | 'findJwtRevocations'
>;

/** Creates them. A revocation is found by the text that its `after.fake` holds. */
export function fakeAudit(state: FakeState): FakeAudit {
  const names = () =>
    Object.fromEntries([...state.entries].map(([id, { token }]) => [id, token.name]));
  return {
    listAuditEvents(request) {
      const size = request.pageSize || 50;
      const start = Number(request.pageToken || 0);
      const ordered = request.oldestFirst ? state.events : state.events.toReversed();
      const from = ordered.filter(event => isBehind(request, event));
      const found = from.filter(event => passes(state, request, event));
      const next = start + size < found.length ? String(start + size) : '';
      return {
        ...{ events: found.slice(start, start + size), nextPageToken: next, names: names() },
        ...{ examined: from.length, left: BigInt(Math.max(0, found.length - start - size)) },
        lastSequence: BigInt(state.events.length),
      };
    },
    findJwtRevocations({ value, sequence }) {
      const found = state.events.filter(
        event =>
          (sequence === 0n || event.sequence === sequence) &&
          event.action === 'jwt.revoke' &&
          event.after?.fake === value,
      );
      const matches = found.map(event =>
        create(FindJwtRevocationsResponse_MatchSchema, { event, revoked: 1 }),
      );
      return create(FindJwtRevocationsResponseSchema, {
        ...{ matches, names: names(), examined: state.events.length },
      });
    },
  };
}

function isBehind({ fromSequence, oldestFirst }: ListAuditEventsRequest, event: AuditEvent) {
  if (fromSequence === 0n) return true;
  return oldestFirst ? event.sequence >= fromSequence : event.sequence <= fromSequence;
}

function passes(state: FakeState, request: ListAuditEventsRequest, event: AuditEvent): boolean {
  const { tokenId, tokenName, actor, owner, actions, outcome, since, until } = request;
  const token = state.entries.get(event.tokenId)?.token;
  const holds = (text: string | undefined, sought: string) =>
    text?.toLowerCase().includes(sought.toLowerCase()) ?? false;
  const ms = event.time ? timestampMs(event.time) : 0;
  const isRefusal = event.action === 'call.refused';
  return (
    (tokenId === '' || event.tokenId === tokenId) &&
    (tokenName === '' || holds(token?.name, tokenName)) &&
    (actor === '' || event.actor === actor || holds(event.actorName || event.actor, actor)) &&
    (owner === '' || token?.owner === owner) &&
    (actions.length === 0 || isActionIn(event.action, actions)) &&
    (outcome === AuditOutcome.UNSPECIFIED || (outcome === AuditOutcome.REFUSED) === isRefusal) &&
    (since === undefined || ms >= timestampMs(since)) &&
    (until === undefined || ms < timestampMs(until))
  );
}
