/** Converts explained verdicts, and what a look-up found, to messages of AccessTokenService. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import {
  ExplainResponse_Check as CheckCode,
  type ExplainResponseSchema,
  type LookupResponse_MatchSchema,
  LookupResponse_MatchedBy as MatchedByCode,
} from '../../gen/usher/v1/access_token_pb.ts';
import type { Match, MatchedBy } from '../../tokens/lookup.ts';
import type { Explained } from '../../verify/explain.ts';
import type { Check } from '../../verify/trace.ts';
import { reasons, textOf } from '../../verify/verdict.ts';
import { accessTokenMessage } from './access-token-message.ts';

const checks: Record<Check, CheckCode> = {
  header: CheckCode.HEADER,
  form: CheckCode.FORM,
  'access token': CheckCode.ACCESS_TOKEN,
  secret: CheckCode.SECRET,
  claims: CheckCode.CLAIMS,
  time: CheckCode.TIME,
  revocation: CheckCode.REVOCATION,
  audience: CheckCode.AUDIENCE,
  scopes: CheckCode.SCOPES,
  source: CheckCode.SOURCE,
  limits: CheckCode.LIMITS,
};

const matchers: Record<MatchedBy, MatchedByCode> = {
  id: MatchedByCode.ID,
  'current secret': MatchedByCode.CURRENT_SECRET,
  'previous secret': MatchedByCode.PREVIOUS_SECRET,
  part: MatchedByCode.PART,
  'secret key': MatchedByCode.SECRET_KEY,
  'revoked jti': MatchedByCode.REVOKED_JTI,
  'revoked subject': MatchedByCode.REVOKED_SUBJECT,
};

/** An explained verdict as a message. */
export function explainedMessage({
  verdict,
  steps,
}: Explained): MessageInitShape<typeof ExplainResponseSchema> {
  const { valid, identity, stale } = verdict;
  return {
    valid,
    ...(verdict.valid
      ? { httpStatus: 200 }
      : {
          reason: verdict.reason,
          message: textOf(verdict),
          httpStatus: reasons[verdict.reason].http,
        }),
    tokenId: identity?.tokenId ?? '',
    stale,
    steps: steps.map(({ check, passed, detail }) => ({ check: checks[check], passed, detail })),
  };
}

/** A match as a message. `nowMs` is in milliseconds since 1970. */
export function matchMessage(
  { record, usage, matchedBy }: Match,
  nowMs: number,
): MessageInitShape<typeof LookupResponse_MatchSchema> {
  const accessToken = accessTokenMessage(record, usage, nowMs);
  return { accessToken, matchedBy: matchers[matchedBy] };
}
