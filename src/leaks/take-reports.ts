/** Acts on reports of leaked credentials, by USHER_LEAK_POLICY, and keeps what was done. */

import { v4 } from 'uuid';
import type { JsonObject } from '../store/record.ts';
import { type Store, Unavailable } from '../store/store.ts';
import type { AccessTokens } from '../tokens/access-tokens.ts';
import { adminScope, type Caller } from '../tokens/caller.ts';
import { TokenError } from '../tokens/errors.ts';
import type { MasterKeys } from '../verify/master-keys.ts';
import { cleanSource, cleanUrl } from './clean.ts';
import { createIdentify, type Identified, type IdentifyDeps } from './identify.ts';
import {
  bodyOf,
  type Finding,
  type Leak,
  type LeakDone,
  leakOf,
  type Reporter,
  withFinding,
} from './leak.ts';

/** What to do with a leaked credential that still works. */
export type LeakPolicy = 'revoke' | 'flag';

/** One reported text, and where it was found. */
export interface ReportedText {
  /** A credential, or what the reporter takes for one. */
  credential: string;
  url: string;
  /** The kind of place, such as "commit". */
  source: string;
}

/** A report whose signature was right. */
interface Report {
  by: Reporter;
  /** The reporter's network address. */
  peer: string;
  found: readonly ReportedText[];
}

/** What came of one reported text. */
export type Outcome =
  /** It is no credential of this server. */
  | 'unknown'
  /** It was one, and was refused already. */
  | 'over'
  | LeakDone;

/** Acts on a report, and resolves once what was done is durable. Throws Unavailable. */
export type TakeReport = (report: Report) => Promise<Outcome[]>;

/** What it needs. */
export interface TakeReportDeps extends IdentifyDeps {
  store: Pick<Store, 'get' | 'scan' | 'document' | 'changeDocument'>;
  accessTokens: Pick<AccessTokens, 'revoke' | 'revokeJwts'>;
  policy: LeakPolicy;
  /** Called for each new leak, and for one that was dealt with otherwise than before. */
  onLeak(leak: Leak): void;
}

/** Most attempts at a document that others change at the same time. */
const attemptsMax = 8;
/** What the reason of a revocation begins with: what a repeated report is recognised by. */
const reasonBegin = 'leaked: reported by ';
const reporters: Record<Reporter, string> = { github: 'GitHub', report: 'a scanner' };

/** Creates it. */
export function createTakeReport(deps: TakeReportDeps): TakeReport {
  const identify = createIdentify(deps);
  return async ({ by, peer, found }) => {
    const texts = found.map(({ credential }) => credential.trim());
    const known = await identify(texts);
    const outcomes: Outcome[] = [];
    let unreadable: Unavailable | undefined;
    for (const [n, { url, source }] of found.entries()) {
      const [text = '', identified] = [texts[n], known[n]];
      if (identified instanceof Unavailable) unreadable = identified;
      if (identified === undefined || identified instanceof Unavailable) {
        outcomes.push('unknown');
        continue;
      }
      const finding = {
        ...{ at: deps.now(), by },
        ...{ source: cleanSource(source, text), url: cleanUrl(url, text) },
      };
      outcomes.push(await act(deps, identified, finding, peer));
    }
    // The others were dealt with; the report must be repeated for this one.
    if (unreadable !== undefined) throw unreadable;
    return outcomes;
  };
}

async function act(
  deps: TakeReportDeps,
  identified: Identified,
  finding: Finding,
  peer: string,
): Promise<Outcome> {
  for (let attempt = 1; attempt <= attemptsMax; attempt++) {
    const { id, stored } = await documentOf(deps, identified);
    const before = stored && leakOf(stored);
    const isOver = 'isOver' in identified && identified.isOver;
    // Refused for another reason than a report: nothing changes.
    if (isOver && before === undefined && !wasRevokedByReport(identified)) return 'over';
    const ended = await end(deps, identified, finding.by, peer, before);
    const outcome = isOver ? 'over' : ended.done;
    const after = { ...leakAfter(id, identified, before, finding), ...ended };
    const isNews = before?.done !== ended.done || before.dismissed !== after.dismissed;
    if (!isNews && before.findings === after.findings) return outcome;
    const changed = await deps.store.changeDocument({
      ...{ collection: 'leaks', id, before: stored?.revision ?? 0, body: bodyOf(after) },
      ...(after.dismissed && stored?.keepUntil !== undefined && { keepUntil: stored.keepUntil }),
      ...(isNews && { event: eventOf(deps, after, { identified, finding, peer }) }),
    });
    if (changed === 'conflict') continue;
    if (isNews) deps.onLeak(after);
    return outcome;
  }
  throw new Unavailable('the document of a leak keeps changing');
}

/** The leak with this place. One that works still is no longer dismissed, if the place is new. */
function leakAfter(
  id: string,
  identified: Identified,
  before: Leak | undefined,
  finding: Finding,
): Leak {
  const tokenId = 'record' in identified ? identified.record.id : '';
  const { what } = identified;
  const fresh: Leak = { ...{ id, tokenId, what, done: 'flagged' }, problem: '', findings: [] };
  const { dismissed, ...leak } = before ?? fresh;
  const findings = withFinding(leak.findings, finding);
  const isQuiet = findings === leak.findings || leak.done === 'revoked';
  return { ...leak, findings, ...(dismissed && isQuiet && { dismissed }) };
}

/** Whether an earlier report ended it, of which no document tells: the process died in between. */
function wasRevokedByReport(identified: Identified): boolean {
  if (!('record' in identified)) return false;
  return identified.record.revokeReason?.startsWith(reasonBegin) ?? false;
}

/** Ends the credential where the policy says so. */
async function end(
  { accessTokens, policy }: TakeReportDeps,
  identified: Identified,
  by: Reporter,
  peer: string,
  before: Leak | undefined,
): Promise<{ done: LeakDone; problem: string }> {
  if (identified.what === 'admin token') {
    const problem = 'it is a setting: replace USHER_ADMIN_TOKEN on all servers, and restart them';
    return { done: 'flagged', problem };
  }
  if (identified.isOver) return { done: before?.done ?? 'revoked', problem: before?.problem ?? '' };
  if (policy === 'flag') return { done: 'flagged', problem: '' };
  const caller: Caller = { actor: 'usher', name: 'Usher', peer, scopes: [adminScope] };
  const { id } = identified.record;
  const reason = `${reasonBegin}${reporters[by]}`;
  try {
    if (identified.what !== 'jwt') await accessTokens.revoke(caller, id, reason);
    else if (identified.target)
      await accessTokens.revokeJwts(caller, id, identified.target, reason);
    return { done: 'revoked', problem: '' };
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    // It was revoked meanwhile.
    if (error.code === 'FAILED_PRECONDITION') return { done: 'revoked', problem: '' };
    return { done: 'failed', problem: error.message };
  }
}

/**
 * The document of a credential. A JWT and the admin token are named by a keyed digest, so that a reader
 * of the store cannot try guesses; it depends on the master key that was first then.
 */
async function documentOf({ store, keys }: TakeReportDeps, identified: Identified) {
  const [current = '', ...former] = documentIds(keys, identified);
  for (const id of [current, ...former]) {
    const stored = await store.document('leaks', id);
    if (stored !== undefined) return { id, stored };
  }
  return { id: current, stored: undefined };
}

function documentIds(keys: MasterKeys, identified: Identified): string[] {
  const named = (text: string) =>
    keys.ids.map(keyId => keys.hash(`leak\0${text}`, keyId).toString('base64url').slice(0, 22));
  if (identified.what === 'admin token') {
    return named(identified.text).map(name => `admin.${name}`);
  }
  const { what, record } = identified;
  if (what === 'jwt') return named(identified.digest).map(name => `${record.id}.${name}`);
  return [`${record.id}.${identified.secret.createdAt.toString(36)}`];
}

function eventOf(
  { now }: TakeReportDeps,
  { tokenId, what, done, problem }: Leak,
  { identified, finding, peer }: { identified: Identified; finding: Finding; peer: string },
) {
  const { by, source, url } = finding;
  const after: JsonObject = { what, done, by, source, url };
  const name = 'record' in identified && { tokenName: identified.record.name };
  return {
    ...{ id: v4(), time: now(), action: 'token.leaked', actor: 'usher', peer, tokenId },
    ...name,
    ...{ after, detail: problem, requestId: '' },
  };
}
