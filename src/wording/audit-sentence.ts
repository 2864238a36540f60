/** Tells an entry of the audit log as a sentence: who did what, by names, and what changed. */

import { actionOf } from './actions.ts';
import { changesOf, type Fields, fieldsOf, type SayTime } from './changes.ts';

/** An entry, as far as its sentence tells it: see AuditEvent in access_token.proto. */
export interface ToldEvent {
  action: string;
  actor: string;
  /** The actor's name at that time; "" or absent when it is not known. */
  actorName?: string | undefined;
  tokenId: string;
  /** The access token's name at that time; "" or absent when it is not known. */
  tokenName?: string | undefined;
  before?: Fields | undefined;
  after?: Fields | undefined;
  detail: string;
}

/** A part of a sentence: text, the access token, or a value that can be long. */
export type Part =
  | { kind: 'text'; text: string }
  | { kind: 'token'; text: string; id: string }
  | { kind: 'value'; text: string };

/** An entry in words. */
export interface Told {
  /** Who did it, as in "ann", "admin token" or "someone unknown". */
  who: string;
  /** The name that this actor has now, where it differs; "" otherwise. */
  whoNow: string;
  /** What they did; begins with a verb. */
  parts: Part[];
}

/** What is known besides the entry. */
export interface Telling {
  /** The present names of actors and access tokens, by id. */
  names: Readonly<Record<string, string>>;
  /** Says a time; in the zone of the reader. */
  sayTime: SayTime;
}

/** An entry in words. */
export function tell(event: ToldEvent, { names, sayTime }: Telling): Told {
  const now = names[event.actor] ?? '';
  const then = event.actorName ?? '';
  const who = then || now || actorById(event.actor);
  const did = didOf(event, sayTime);
  const token = tokenOf(event, names);
  const parts = did.split(/(\{\w+\})/).flatMap(piece => {
    if (piece === '{token}') return token ?? [text('an access token')];
    return [piece === '{detail}' ? value(event.detail) : text(piece)];
  });
  parts.push(...restOf(event, sayTime, did.includes('{detail}')));
  if (!did.includes('{token}') && token !== undefined) parts.push(text(': '), ...token);
  return { who, whoNow: now !== who && then !== '' ? now : '', parts: joined(parts) };
}

/** A sentence as plain text. */
export function plainSentence({ who, parts }: Told): string {
  return `${who} ${parts.map(part => part.text).join('')}`;
}

/** An actor that has no name, by its id. */
export function actorById(actor: string): string {
  if (actor === '') return 'someone unknown';
  if (actor === 'admin') return 'admin token';
  if (actor === 'usher') return 'Usher';
  return /^[0-9a-f]{8}-[0-9a-f-]{27}$/.test(actor) ? `access token ${actor.slice(0, 8)}` : actor;
}

const text = (words: string): Part => ({ kind: 'text', text: words });
const value = (words: string): Part => ({ kind: 'value', text: words });

/** The access token by its name at that time, with its present name where that differs. */
function tokenOf(
  { tokenId, tokenName }: ToldEvent,
  names: Readonly<Record<string, string>>,
): Part[] | undefined {
  if (tokenId === '') return undefined;
  const now = names[tokenId] ?? '';
  const name = tokenName || now || tokenId.slice(0, 8);
  const link: Part = { kind: 'token', text: name, id: tokenId };
  return now !== '' && now !== name ? [link, text(` (now ${now})`)] : [link];
}

/** What the actor did; `{token}` and `{detail}` stand for the access token and the detail. */
function didOf(event: ToldEvent, sayTime: SayTime): string {
  const { action, detail } = event;
  if (action === 'jwt.revoke') return sayRevoked(event, sayTime);
  if (action === 'session.end') return detail === '' ? 'signed out' : 'ended {detail}';
  const { did } = actionOf(action);
  return detail === '' ? did.replace('{detail}', 'someone') : did;
}

/** What follows: changes, times, counts, and the reason, unless the detail was used already. */
function restOf(event: ToldEvent, sayTime: SayTime, isDetailTold: boolean): Part[] {
  const { action, before, after } = event;
  const detail = isDetailTold ? '' : event.detail;
  switch (action) {
    case 'token.create':
    case 'token.import':
      return [text(sayKind(after)), ...listed(fieldsOf(after, sayTime))];
    case 'token.rotate':
      return [text(sayGrace(after, sayTime))];
    case 'jwt.issue':
      return detail === '' ? [] : [text(`: ${detail}`)];
    case 'session.create':
      return detail === '' ? [] : [text(` (${detail})`)];
    case 'jwt.revoke':
      return reason(detail);
    case 'job.start':
    case 'job.cancel':
    case 'job.end':
    case 'job.secrets':
      return [text(sayJob(after)), ...reason(detail)];
    default:
      return [...listed(changesOf(before, after, sayTime)), ...reason(detail)];
  }
}

function listed(changes: readonly { field: string; words: string }[]): Part[] {
  return changes.flatMap(({ field, words }, n) => [
    text(`${n === 0 ? ': ' : ', '}${field} `),
    value(words),
  ]);
}

const reason = (detail: string): Part[] => (detail === '' ? [] : [text(': '), value(detail)]);

function sayKind(after: Fields | undefined): string {
  const { kind } = after ?? {};
  return kind === 'static' || kind === 'jwt' ? ` (${kind})` : '';
}

function sayGrace(after: Fields | undefined, sayTime: SayTime): string {
  const until = after?.previousGoodUntil;
  return typeof until === 'number'
    ? `; the previous secret is valid until ${sayTime(until)}`
    : '; the previous secret ended at once';
}

/** What a job does, to how many access tokens, and how far it came. */
function sayJob(after: Fields | undefined): string {
  const { act, count, owner, done, failed, left } = after ?? {};
  if (typeof act !== 'string' || typeof count !== 'number') return '';
  const of = typeof owner === 'string' ? ` of ${owner}` : '';
  const what = ` (${act.replaceAll('_', ' ')}, ${count} access tokens${of})`;
  return typeof done === 'number' ? `${what}: ${done} done, ${failed} failed, ${left} left` : what;
}

/** What a revocation of JWTs ended. A `jti` and a subject are shown as digests alone. */
function sayRevoked({ before, after }: ToldEvent, sayTime: SayTime): string {
  const {
    ids,
    subjects,
    issuedBefore = after?.jwtsRevokedBefore,
  } = (after?.jwtsRevoked ?? {}) as Fields;
  if (has(ids) || grew('revokedJwts', before, after)) return 'revoked one JWT of {token}';
  if (has(subjects) || grew('revokedSubjects', before, after)) {
    return 'revoked the JWTs of one subject of {token}';
  }
  return typeof issuedBefore === 'number'
    ? `revoked all JWTs of {token} issued before ${sayTime(issuedBefore)}`
    : 'revoked JWTs of {token}';
}

const has = (digests: unknown) => Object.keys((digests ?? {}) as object).length > 0;

function grew(name: string, before: Fields | undefined, after: Fields | undefined): boolean {
  return Number(after?.[name] ?? 0) > Number(before?.[name] ?? 0);
}

/** Neighbouring texts as one part; none that is empty. */
function joined(parts: readonly Part[]): Part[] {
  const all: Part[] = [];
  for (const part of parts) {
    const last = all.at(-1);
    if (part.text === '') continue;
    if (part.kind === 'text' && last?.kind === 'text') {
      all[all.length - 1] = text(last.text + part.text);
    } else all.push(part);
  }
  return all;
}
