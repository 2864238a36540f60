/** Reads a stretch of the audit log in bounded steps, and finds where times are in it. */

import type { ChainedEvent } from '../store/audit.ts';
import type { AuditLog, TokenReader } from '../store/store.ts';
import { rest } from '../timing/slices.ts';
import type { NameReader } from './audit-names.ts';
import { type AuditFilter, auditLimits } from './audit-query.ts';
import { type Caller, visible } from './caller.ts';
import { checkUuid } from './fields.ts';

/** Where a page starts, and where the log's stretch ends. Numbers are sequence numbers. */
export interface LogPlace {
  /** Start behind this entry, in the order of reading. */
  after: number;
  /** The first entry of the stretch. */
  low: number;
  /** The last entry of the stretch; that of the log can be beyond it. */
  high: number;
}

/** A page of the log. */
interface LogPage {
  events: ChainedEvent[];
  /** Where the next page starts; absent at the end. */
  next?: LogPlace;
  /** How many entries were examined. */
  examined: number;
}

type Reader = Pick<AuditLog, 'events' | 'head'>;

/** What to read. */
export interface LogScan {
  order: 'newest' | 'oldest';
  tokenId?: string | undefined;
  /** Events of a page, at most. */
  limit: number;
  /** Which of some events, in their order, are read; absent for all. */
  select?: ((events: ChainedEvent[]) => Promise<ChainedEvent[]>) | undefined;
}

/** Reads a page. It can be short, even empty, when more follow. Throws Unavailable. */
export async function readPage(log: Reader, scan: LogScan, place: LogPlace): Promise<LogPage> {
  const { order, tokenId, limit, select } = scan;
  const { low, high } = place;
  const isInside = ({ sequence }: ChainedEvent) => sequence >= low && sequence <= high;
  const events: ChainedEvent[] = [];
  let { after } = place;
  let examined = 0;
  const isEnd = (at: number) => (order === 'newest' ? at <= low : at >= high);
  const upTo = (at: number): LogPage =>
    isEnd(at) ? { events, examined } : { events, examined, next: { low, high, after: at } };
  while (examined < auditLimits.examinedMax) {
    const count = select === undefined ? limit - events.length : auditLimits.readAtOnce;
    const read = await log.events({
      ...{ order, after, limit: count },
      ...(tokenId === undefined ? {} : { tokenId }),
    });
    const inside = read.filter(isInside);
    const chosen = select === undefined ? inside : await select(inside);
    const room = limit - events.length;
    events.push(...chosen.slice(0, room));
    if (chosen.length >= room) {
      const last = events.at(-1) as ChainedEvent;
      examined += inside.findIndex(({ sequence }) => sequence === last.sequence) + 1;
      return upTo(last.sequence);
    }
    examined += inside.length;
    const last = inside.at(-1);
    if (read.length < count || inside.length < read.length || last === undefined) {
      return { events, examined };
    }
    after = last.sequence;
    // The embedded store answers at once: verdicts must not wait for the whole page.
    await rest();
  }
  return upTo(after);
}

/**
 * How many entries are behind a place, up to the end of its stretch; 0 where that is not known: of one
 * access token, and for a page token of an earlier version.
 */
export function leftOf(
  order: LogScan['order'],
  tokenId: string | undefined,
  next: LogPlace | undefined,
): number {
  if (next === undefined || tokenId !== undefined || next.high === endless) return 0;
  return Math.max(0, order === 'newest' ? next.after - next.low : next.high - next.after);
}

/** As the last entry of a stretch: up to the end of the log. */
const endless = Number.MAX_SAFE_INTEGER;

/** A place as the text in a page token. */
export function textOf(place: LogPlace | undefined): string | undefined {
  return place && `${place.after} ${place.low} ${place.high}`;
}

/** The place in a page token; earlier versions wrote `after` alone. */
export function placeIn(text: string | undefined): LogPlace | undefined {
  if (text === undefined) return undefined;
  const [after = 0, low = 0, high = endless] = text.split(' ').map(Number);
  return { after, low, high };
}

/**
 * The access token that a caller asks for, in lower case; undefined for all. Throws NOT_FOUND when it
 * may not see it.
 */
export async function askedToken(
  store: TokenReader,
  caller: Caller,
  tokenId: string | undefined,
): Promise<string | undefined> {
  if (!tokenId) return undefined;
  const id = checkUuid('token_id', tokenId);
  if (isLimited(caller)) visible(caller, await store.get(id), id);
  return id;
}

/** Whether a caller sees the access tokens of some owners only. */
function isLimited(caller: Caller): boolean {
  return caller.owners !== undefined;
}

/**
 * What selects the events of a page: the filter, and for a caller that is limited to owners the access
 * tokens that these have now. Undefined when all events are selected.
 */
export function selectOf(
  caller: Caller,
  names: NameReader,
  tokenId: string | undefined,
  filter: AuditFilter | undefined,
): LogScan['select'] {
  const isSeen = ({ tokenId: id }: ChainedEvent) => id !== '' && names.isSeen(id);
  const isOwn = isLimited(caller) && tokenId === undefined;
  if (filter === undefined && !isOwn) return undefined;
  return async events => {
    const some = filter === undefined ? events : events.filter(filter.mayPass);
    await names.load(some);
    const seen = isOwn ? some.filter(isSeen) : some;
    return filter === undefined ? seen : seen.filter(event => filter.passes(event, names));
  };
}

/** Which entries a stretch of the log has. Times are milliseconds since 1970. */
interface Bounds {
  order: LogScan['order'];
  since?: number | undefined;
  until?: number | undefined;
  /** The first entry to read, in the order of reading; 0 or absent for none. */
  fromSequence?: number | undefined;
}

/**
 * How much times may run backwards along a log, in milliseconds: earlier versions wrote those of
 * several clocks.
 */
const slackMs = 300_000;

/** The place at which a stretch starts. Throws Unavailable. */
export async function startOf(log: Reader, bounds: Bounds): Promise<LogPlace> {
  const { order, since, until, fromSequence } = bounds;
  const [[oldest], head] = await Promise.all([
    log.events({ order: 'oldest', limit: 1 }),
    log.head(),
  ]);
  let low = oldest?.sequence ?? 1;
  let high = head.sequence;
  const all = { low, high };
  if (since !== undefined) low = await firstAt(log, since - slackMs, all);
  if (until !== undefined) high = (await firstAt(log, until + slackMs, all)) - 1;
  if (fromSequence) {
    if (order === 'newest') high = Math.min(high, fromSequence);
    else low = Math.max(low, fromSequence);
  }
  return { low, high, after: order === 'newest' ? high + 1 : low - 1 };
}

/** The first entry of a stretch whose time is at or after a time; the one behind it when there is none. */
async function firstAt(
  log: Reader,
  time: number,
  { low, high }: { low: number; high: number },
): Promise<number> {
  let from = low;
  let to = high + 1;
  while (from < to) {
    const middle = Math.floor((from + to) / 2);
    const [entry] = await log.events({ order: 'oldest', after: middle - 1, limit: 1 });
    if (entry === undefined || entry.time >= time) to = middle;
    else from = middle + 1;
  }
  return from;
}
