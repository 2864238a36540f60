/**
 * A verdict step by step: which checks passed, which one failed, and which were not reached. Usher
 * explains it to administrators; for others the steps follow from the reason.
 */

import {
  ExplainResponse_Check as CheckCode,
  type ExplainResponse,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { Reason } from '../../../gen/usher/v1/verifier_pb.ts';

/** The outcome of a check; "unknown" if the verdict does not reveal it. */
export type Outcome = 'passed' | 'failed' | 'unknown' | 'skipped';

/** A check and its outcome. Its title is unique in a verdict. */
export interface Step {
  /** Name of the check. */
  title: string;
  /** What the outcome means, and what to do if the check failed. */
  text: string;
  /** Whether the check passed. */
  outcome: Outcome;
}

interface Check {
  title: string;
  passed: string;
  /** The reasons for which the check fails, with what to do. */
  reasons: Partial<Record<Reason, string>>;
}

/** The checks in the order in which they run. */
const checks: Check[] = [
  {
    title: 'Parsed',
    passed: 'The header holds one credential.',
    reasons: {
      [Reason.MISSING_CREDENTIALS]: 'There is no Authorization header, or it is empty.',
      [Reason.MALFORMED_CREDENTIALS]:
        'Send "<API_TOKEN>", "Bearer <API_TOKEN>" or "Bearer <JWT>", and nothing else. A JWT needs "Bearer".',
      [Reason.JWT_MISSING_KID]:
        'The header of the JWT needs a "kid": the UUID of its access token.',
    },
  },
  {
    title: 'Found',
    passed: 'The access token exists.',
    reasons: {
      [Reason.INVALID_TOKEN]:
        'The token is unknown, or its signature is wrong. Usher never says which.',
    },
  },
  { title: 'Signature', passed: 'The hash or the signature is right.', reasons: {} },
  {
    title: 'Claims',
    passed: 'The claims of a JWT are what they must be.',
    reasons: {
      [Reason.JWT_MISSING_EXP]: 'The JWT needs an "exp" claim.',
      [Reason.MALFORMED_CLAIM]:
        'The claim that the message names has the wrong type, or "exp" is beyond the longest lifetime.',
    },
  },
  {
    title: 'Time',
    passed: 'It is already valid and has not expired.',
    reasons: {
      [Reason.NOT_YET_VALID]:
        'Its "nbf" or "iat" is in the future. Check the clock of the machine that signed it.',
      [Reason.EXPIRED]: 'The JWT or its access token has expired.',
    },
  },
  {
    title: 'Not revoked',
    passed: 'Neither the access token nor this JWT was revoked.',
    reasons: {
      [Reason.REVOKED]:
        'The access token was revoked, or this JWT was, by its jti, subject or time of issue.',
    },
  },
  {
    title: 'Address',
    passed: 'It may be used from where it was used.',
    reasons: {
      [Reason.WRONG_SOURCE]:
        'Its access token allows only certain addresses, and this one is not among them or not known.',
    },
  },
  {
    title: 'Audience',
    passed: 'It allows the required audience.',
    reasons: {
      [Reason.WRONG_AUDIENCE]:
        'Its "aud" lacks the required audience, or names one that its access token does not allow.',
    },
  },
  {
    title: 'Scopes',
    passed: 'It has every required scope.',
    reasons: { [Reason.INSUFFICIENT_SCOPE]: 'It lacks a required scope.' },
  },
  {
    title: 'Limits',
    passed: 'Its access token has no limit, or is within it.',
    reasons: {
      [Reason.RATE_LIMITED]: 'The rate limit or the quota of its access token is used up.',
    },
  },
];

/** The checks of a verdict with this reason; all of them passed if no check gives the reason. */
export function stepsOf(reason: Reason): Step[] {
  const failedAt = checks.findIndex(check => reason in check.reasons);
  return checks.map((check, place) => {
    const { title, passed } = check;
    if (failedAt === -1 || place < failedAt) return { title, text: passed, outcome: 'passed' };
    if (place === failedAt) return { title, text: check.reasons[reason] ?? '', outcome: 'failed' };
    if (reason === Reason.INVALID_TOKEN && title === 'Signature') {
      return { title, text: 'Not reported separately from "Found".', outcome: 'unknown' };
    }
    return { title, text: 'Not reached.', outcome: 'skipped' };
  });
}

/** In the order of a decision, which is not that of the codes. */
const titles: [CheckCode, string][] = [
  [CheckCode.HEADER, 'Header'],
  [CheckCode.FORM, 'Form'],
  [CheckCode.ACCESS_TOKEN, 'Access token'],
  [CheckCode.SECRET, 'Signature or hash'],
  [CheckCode.CLAIMS, 'Claims'],
  [CheckCode.TIME, 'Time'],
  [CheckCode.REVOCATION, 'Not revoked'],
  [CheckCode.SOURCE, 'Address'],
  [CheckCode.AUDIENCE, 'Audience'],
  [CheckCode.SCOPES, 'Scopes'],
  [CheckCode.LIMITS, 'Limits'],
];

/** The checks of an explained verdict with what each saw. */
export function explainedSteps({ steps }: Pick<ExplainResponse, 'steps'>): Step[] {
  const isValid = steps.length > 0 && steps.every(({ passed }) => passed);
  const last = titles.findIndex(([code]) => code === steps.at(-1)?.check);
  return titles.flatMap(([code, title], place): Step[] => {
    const made = steps.filter(({ check }) => check === code);
    if (made.length === 0) {
      // A static token has no claims, and most access tokens have no limit.
      return place < last || isValid ? [] : [{ title, text: 'Not reached.', outcome: 'skipped' }];
    }
    const text = made.map(({ detail }) => `${detail.charAt(0).toUpperCase()}${detail.slice(1)}.`);
    const outcome = made.every(({ passed }) => passed) ? 'passed' : 'failed';
    return [{ title, text: text.join(' '), outcome }];
  });
}
