/** A leaked credential as the store keeps it: one document for each credential, without it. */

import type { JsonObject } from '../store/record.ts';

/** What kind of credential leaked. */
export type LeakedWhat = 'token' | 'secret key' | 'jwt' | 'admin token';

/** What Usher did about it; "failed" where it could not do what USHER_LEAK_POLICY says. */
export type LeakDone = 'revoked' | 'flagged' | 'failed';

/** Who reported it: GitHub, or someone who knows USHER_LEAK_SECRET. */
export type Reporter = 'github' | 'report';

/** Where a credential was found. */
export interface Finding {
  /** When it was reported, in milliseconds since 1970. */
  at: number;
  by: Reporter;
  /** The kind of place, in the reporter's words, such as "commit"; "" when it is not known. */
  source: string;
  /** An http or https address, without anything that looks like a credential; "" for none. */
  url: string;
}

/** A leaked credential. */
export interface Leak {
  /** Names the document: begins with the access token's UUID and a dot, or with "admin.". */
  id: string;
  /** UUID of the access token; "" for the admin token of the configuration. */
  tokenId: string;
  what: LeakedWhat;
  done: LeakDone;
  /** Why it failed; "" otherwise. */
  problem: string;
  /** The first and the last places where it was found; no place twice. */
  findings: Finding[];
  /** By whom it was dismissed; absent while it needs someone. */
  dismissed?: Dismissal;
}

/** That someone has taken care of a leak. */
interface Dismissal {
  /** Milliseconds since 1970. */
  at: number;
  /** As Caller.actor and Caller.name. */
  by: string;
  name: string;
  /** What they wrote about it; "" for nothing. */
  note: string;
}

/** Most places that are kept of one leak. */
const findingsMax = 20;

/** What its document holds besides, for those who only list what needs someone. */
interface Summary {
  /** When it was last reported at a new place, in milliseconds since 1970. */
  at: number;
  /** Absent while it needs someone. */
  dismissedAt?: number;
}

/** When a leak was last reported at a new place, in milliseconds since 1970. */
export function lastReportedAt({ findings }: Leak): number {
  return findings.at(-1)?.at ?? 0;
}

/** The content of its document. */
export function bodyOf(leak: Leak): JsonObject {
  const { id: _id, ...content } = leak;
  const at = lastReportedAt(leak);
  const summary: Summary = { at, ...(leak.dismissed && { dismissedAt: leak.dismissed.at }) };
  return { ...content, ...summary } as unknown as JsonObject;
}

/** The leak of a document, which only `bodyOf` wrote: the store checks its signature. */
export function leakOf({ id, body }: { id: string; body: JsonObject }): Leak {
  const { at: _at, dismissedAt: _dismissedAt, ...leak } = body as unknown as Leak & Summary;
  return { ...leak, id };
}

/** With a further place; the same list where it is known. Of too many the first and the latest stay. */
export function withFinding(findings: Finding[], finding: Finding): Finding[] {
  const isKnown = findings.some(
    ({ by, source, url }) => by === finding.by && source === finding.source && url === finding.url,
  );
  if (isKnown) return findings;
  const kept = findings.length < findingsMax ? findings : findings.toSpliced(1, 1);
  return [...kept, finding];
}
