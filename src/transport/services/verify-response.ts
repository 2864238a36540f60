/** Converts a verdict to a VerifyResponse message: on the hot path of every protocol. */

import { create } from '@bufbuild/protobuf';
import { attached } from '../../caching/attached.ts';
import { Kind } from '../../gen/usher/v1/access_token_pb.ts';
import type { VerifyResponse } from '../../gen/usher/v1/verifier_pb.ts';
import { Reason, VerifyResponseSchema } from '../../gen/usher/v1/verifier_pb.ts';
import type { Identity, Verdict } from '../../verify/verdict.ts';
import { reasons, textOf } from '../../verify/verdict.ts';
import { cacheEncoded } from '../codec/encoded-cache.ts';
import { durationOfMs } from '../rpc/time.ts';

/** Cached by verdict: the verifier returns the same object while nothing has changed. */
const responses = attached<Verdict, VerifyResponse>();

/** The response for a verdict; cached, with its bytes, unless it is a refusal that names a token. */
export function verifyResponse(verdict: Verdict): VerifyResponse {
  if (!verdict.valid && verdict.identity !== undefined) return responseOf(verdict);
  let response = responses.get(verdict);
  if (response === undefined) {
    response = responseOf(verdict);
    responses.set(verdict, response);
    cacheEncoded(response);
  }
  return response;
}

function responseOf(verdict: Verdict): VerifyResponse {
  const response = create(VerifyResponseSchema);
  response.stale = verdict.stale;
  if (verdict.sourceDependent) response.sourceDependent = true;
  if (verdict.valid) {
    response.valid = true;
    response.httpStatus = 200;
    if (verdict.cacheTtlMs > 0) response.cacheTtl = durationOfMs(verdict.cacheTtlMs);
  } else {
    response.reason = Reason[verdict.reason];
    response.message = textOf(verdict);
    response.httpStatus = reasons[verdict.reason].http;
    if (verdict.retryAfterMs !== undefined) {
      response.retryAfter = durationOfMs(verdict.retryAfterMs);
    }
  }
  if (verdict.watchedTtlMs !== undefined) {
    response.watchedTtl = durationOfMs(verdict.watchedTtlMs);
  }
  if (verdict.identity) identify(response, verdict.identity);
  return response;
}

function identify(response: VerifyResponse, identity: Identity): void {
  response.tokenId = identity.tokenId;
  response.kind = identity.kind === 'static' ? Kind.STATIC : Kind.JWT;
  response.owner = identity.owner;
  response.subject = identity.subject;
  response.scopes = identity.scopes as string[];
  response.exp = BigInt(identity.exp);
  response.revision = BigInt(identity.revision);
  if (identity.claims) response.claims = identity.claims;
  if (identity.metadata) response.metadata = identity.metadata;
}
