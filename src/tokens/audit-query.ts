/** Which events of the audit log a caller asks for: the filters, and their checks. */

import { hint } from '../reading/nearest.ts';
import type { ChainedEvent } from '../store/audit.ts';
import { actionGroups, actionOf, auditActions, isActionIn } from '../wording/actions.ts';
import { actorById } from '../wording/audit-sentence.ts';
import type { AuditNames } from './audit-names.ts';
import { Faults } from './faults.ts';
import { checkPageSize, checkText, checkUuid, invalid, isUuid } from './fields.ts';

/** Which events to read. All filters must pass. */
export interface AuditQuery {
  /** 1 to 1000; 0 means 50. */
  pageSize: number;
  /** nextPageToken of the previous page; "" or absent for the first page. */
  pageToken?: string | undefined;
  /** Only events of this access token. */
  tokenId?: string | undefined;
  /** Newest first when false. */
  oldestFirst: boolean;
  /** The id of an actor, "unknown", or text in its name then or now. */
  actor?: string | undefined;
  /** Text in the access token's name then or now. */
  tokenName?: string | undefined;
  /** Access tokens that this owner has now, and events that gave it one or took one away. */
  owner?: string | undefined;
  /** Actions, and groups of them. */
  actions?: readonly string[] | undefined;
  outcome?: 'done' | 'refused' | undefined;
  /** Events at or after this time, in milliseconds since 1970. */
  since?: number | undefined;
  /** Events before this time, in milliseconds since 1970. */
  until?: number | undefined;
  /** Start at this entry, in the given order; 0 or absent for the first one. */
  fromSequence?: number | undefined;
}

/** Limits of reading the log. */
export const auditLimits = {
  pageSizeDefault: 50,
  pageSizeMax: 1000,
  /** Entries examined for one page, so that a selective filter does not overload the store. */
  examinedMax: 10_000,
  /** Entries read at a time while filtering, between which other calls get their turn. */
  readAtOnce: 100,
  /** Characters of a text to filter by. */
  textLengthMax: 256,
  /** Actions to filter by. */
  actionsMax: 64,
} as const;

/** Adds what is wrong with a query to the faults, or throws it. */
export function checkAuditQuery(query: AuditQuery, faults = new Faults()): void {
  const { pageSize, tokenId, actor = '', tokenName = '', owner = '', actions = [] } = query;
  const { since, until } = query;
  faults.read(() => checkPageSize(pageSize, auditLimits.pageSizeMax));
  faults.read(() => tokenId && checkUuid('token_id', tokenId));
  for (const [field, text] of Object.entries({ actor, token_name: tokenName, owner })) {
    faults.read(() => checkText(field, text, auditLimits.textLengthMax));
  }
  faults.read(() => checkActions(actions));
  faults.read(() => {
    if (since === undefined || until === undefined || since < until) return;
    throw invalid('until', 'is not after since');
  });
}

function checkActions(actions: readonly string[]): void {
  const { actionsMax } = auditLimits;
  if (actions.length > actionsMax) throw invalid('actions', `has more than ${actionsMax} entries`);
  const known = [...Object.keys(auditActions), ...actionGroups];
  const strange = actions.find(each => !known.includes(each));
  if (strange === undefined) return;
  throw invalid('actions', `has an entry that is no action and no group${hint(strange, known)}`);
}

/** What selects and orders the events, as its page tokens are bound to it. */
export function selectionOf(query: AuditQuery): (string | number | boolean)[] {
  const { tokenId = '', oldestFirst, actor, tokenName, owner, actions = [] } = query;
  const { outcome, since, until, fromSequence } = query;
  const filters = [actor, tokenName, owner, outcome, since, until, fromSequence];
  const plain = [tokenId.toLowerCase(), oldestFirst];
  if (actions.length === 0 && filters.every(each => !each)) return plain;
  return [...plain, ...filters.map(each => each ?? ''), [...actions].sort().join(' ')];
}

/** The filters of a query on single events. */
export interface AuditFilter {
  /** Whether an event passes what needs no look-up. */
  mayPass(event: ChainedEvent): boolean;
  /** Whether one that may pass does, by the names and owners that are known now. */
  passes(event: ChainedEvent, names: AuditNames): boolean;
}

/** The filter of a query; undefined when every event of its range passes. */
export function filterOf(query: AuditQuery): AuditFilter | undefined {
  const { actor = '', tokenName = '', owner = '', actions = [], outcome, since, until } = query;
  const isPlain = [actor, tokenName, owner].every(text => text === '') && actions.length === 0;
  if (isPlain && outcome === undefined && since === undefined && until === undefined) {
    return undefined;
  }
  const inActor = textIn(actor);
  const inName = textIn(tokenName);
  const isBy = (event: ChainedEvent, names: AuditNames) =>
    isActorId(actor)
      ? event.actor === actor
      : [event.actorName, names.of(event.actor), actorById(event.actor)].some(inActor);
  const isOf = ({ tokenId, before, after }: ChainedEvent, names: AuditNames) =>
    [names.ownerOf(tokenId), before?.owner, after?.owner].includes(owner);
  return {
    mayPass({ action, time, tokenId }) {
      if (actions.length > 0 && !isActionIn(action, actions)) return false;
      if (outcome && (outcome === 'refused') !== (actionOf(action).isRefusal ?? false))
        return false;
      if (time < (since ?? 0) || time >= (until ?? Number.POSITIVE_INFINITY)) return false;
      return tokenId !== '' || tokenName === '';
    },
    passes(event, names) {
      if (actor !== '' && !isBy(event, names)) return false;
      if (owner !== '' && !isOf(event, names)) return false;
      return tokenName === '' || [event.tokenName, names.of(event.tokenId)].some(inName);
    },
  };
}

/** Whether a text is the id of an actor, and no text in a name. */
function isActorId(text: string): boolean {
  return isUuid(text) || /^(person:.*|admin|usher|command line)$/.test(text);
}

/** Whether a text holds another, ignoring case. */
function textIn(sought: string): (text: string | undefined) => boolean {
  const lower = sought.toLowerCase();
  return text => text?.toLowerCase().includes(lower) ?? false;
}
