/** A verdict step by step: which checks were passed, which failed, and which were not come to. */

import { Reason } from '../../../gen/usher/v1/verifier_pb.ts';

/** What became of a check. */
export type Outcome = 'passed' | 'failed' | 'unknown' | 'skipped';

/** A check. */
export interface Step {
  title: string;
  text: string;
  outcome: Outcome;
}

interface Check {
  title: string;
  passed: string;
  /** The reasons that it gives, with what to do. */
  reasons: Partial<Record<Reason, string>>;
}

/** The checks in the order in which they are made, which is that of the reasons' numbers. */
const checks: Check[] = [
  {
    title: 'Parsed',
    passed: 'The header holds one credential.',
    reasons: {
      [Reason.MISSING_CREDENTIALS]: 'There is no Authorization header, or it is empty.',
      [Reason.MALFORMED_CREDENTIALS]:
        'Send "<API_TOKEN>", "Bearer <API_TOKEN>" or "Bearer <JWT>", and nothing else. A JWT needs "Bearer".',
      [Reason.JWT_MISSING_KID]: 'The JWT\'s header needs "kid": the UUID of its access token.',
    },
  },
  {
    title: 'Found',
    passed: 'Its access token is known.',
    reasons: {
      [Reason.INVALID_TOKEN]:
        'Either its access token is not known, or its signature is wrong: which, is never told.',
    },
  },
  { title: 'Signature', passed: 'Its hash or signature is right.', reasons: {} },
  {
    title: 'Time',
    passed: 'It has begun, and has not ended.',
    reasons: {
      [Reason.JWT_MISSING_EXP]: 'The JWT needs an "exp" claim.',
      [Reason.NOT_YET_VALID]:
        'Its "nbf" or "iat" is in the future. Look at the clock of whoever signed it.',
      [Reason.EXPIRED]: 'The JWT, or its access token, has expired.',
    },
  },
  {
    title: 'Not revoked',
    passed: 'Neither it nor its access token was revoked.',
    reasons: {
      [Reason.REVOKED]:
        'Its access token was revoked, or this JWT by jti, subject or time of issue.',
    },
  },
  {
    title: 'Audience',
    passed: 'It is meant for the audience asked for.',
    reasons: {
      [Reason.WRONG_AUDIENCE]:
        'Its "aud" does not name the audience asked for, or one that its access token does not allow.',
    },
  },
  {
    title: 'Scopes',
    passed: 'It has every scope asked for.',
    reasons: { [Reason.INSUFFICIENT_SCOPE]: 'A scope that was asked for is not among its own.' },
  },
];

/** The steps of a verdict. */
export function stepsOf(reason: Reason): Step[] {
  const failedAt = checks.findIndex(check => reason in check.reasons);
  return checks.map((check, place) => {
    const { title, passed } = check;
    if (failedAt === -1 || place < failedAt) return { title, text: passed, outcome: 'passed' };
    if (place === failedAt) return { title, text: check.reasons[reason] ?? '', outcome: 'failed' };
    if (reason === Reason.INVALID_TOKEN && title === 'Signature') {
      return { title, text: 'Not told apart from "found".', outcome: 'unknown' };
    }
    return { title, text: 'Not come to.', outcome: 'skipped' };
  });
}
