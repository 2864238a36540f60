/** Calls the API to explain verdicts, and to find what a text belongs to, with plain values. */

import {
  ExplainResponse_Check as CheckCode,
  LookupResponse_MatchedBy as MatchedByCode,
} from '../gen/usher/v1/access_token_pb.ts';
import { type AccessToken, accessToken } from './access-token.ts';
import { namesOf } from './code-names.ts';
import { type Admin, call } from './connect.ts';
import type { Question } from './verifier.ts';

/** A step of a decision. */
interface Step {
  /** What it looked at, such as "secret". */
  check: string;
  passed: boolean;
  /** What it saw, in words. */
  detail: string;
}

/** A verdict with its steps, in their order. */
export interface Explained {
  valid: boolean;
  /** "NONE" when valid. */
  reason: string;
  /** The reason in words; "" when valid. */
  message: string;
  httpStatus: number;
  stale: boolean;
  /** UUID of the access token; absent unless its hash or signature matched. */
  tokenId?: string;
  steps: Step[];
}

/** An access token that was found, and what names it, such as "current secret". */
export interface Match {
  matchedBy: string;
  accessToken: AccessToken;
}

const checkNames = namesOf(CheckCode);
const matcherNames = namesOf(MatchedByCode);

/** Explains the verdict on a header. Throws AdminError. */
export async function explain({ tokens }: Admin, question: Question): Promise<Explained> {
  const { header, audience = '', requiredScopes = [], source = '' } = question;
  const answer = await call(() => tokens.explain({ header, audience, requiredScopes, source }));
  const { valid, reason, message, httpStatus, stale, tokenId } = answer;
  return {
    ...{ valid, reason: reason || 'NONE', message, httpStatus, stale },
    ...(tokenId && { tokenId }),
    steps: answer.steps.map(({ check, passed, detail }) => {
      return { check: checkNames.get(check) ?? String(check), passed, detail };
    }),
  };
}

/** Finds the access tokens that a text belongs to. Throws AdminError. */
export async function lookup({ tokens }: Admin, text: string): Promise<Match[]> {
  const found: Match[] = [];
  let pageToken = '';
  do {
    const page = await call(() => tokens.lookup({ text, pageToken }));
    for (const match of page.matches) {
      const matchedBy = matcherNames.get(match.matchedBy) ?? String(match.matchedBy);
      found.push({ matchedBy, accessToken: accessToken(match.accessToken) });
    }
    pageToken = page.nextPageToken;
  } while (pageToken !== '');
  return found;
}
