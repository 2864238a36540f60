/** A refusal that names no token is one message, whose bytes are cached; others are made per verdict. */

import { expect, test } from 'vitest';
import { VerifyResponseSchema } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { encode } from '../../../src/transport/codec/encode.ts';
import { framesOf } from '../../../src/transport/codec/encoded-cache.ts';
import { verifyResponse } from '../../../src/transport/services/verify-response.ts';
import { denied } from '../../../src/verify/build-verdict.ts';
import { type Denied, type Identity, type Reason, reasons } from '../../../src/verify/verdict.ts';

const all = Object.keys(reasons) as Reason[];

test.each(all)('%s without an identity has one message with cached bytes', reason => {
  const message = verifyResponse(denied(reason));
  expect(message).toMatchObject({ valid: false, message: reasons[reason].text });
  expect(verifyResponse(denied(reason))).toBe(message);
  expect(framesOf(VerifyResponseSchema, message, encode)).toBe(
    framesOf(VerifyResponseSchema, message, encode),
  );
});

test('no two reasons share a message', () => {
  expect(new Set(all.map(reason => verifyResponse(denied(reason)))).size).toBe(all.length);
});

test('a refusal that names a token is made for its verdict', () => {
  const identity: Identity = {
    ...{ tokenId: 'id', owner: '', subject: '', jti: '', scopes: [], exp: 0, revision: 1 },
    kind: 'static',
  };
  const verdict: Denied = { valid: false, reason: 'REVOKED', identity, stale: false };
  expect(verifyResponse(verdict)).toMatchObject({ tokenId: 'id', message: reasons.REVOKED.text });
  expect(verifyResponse(verdict)).not.toBe(verifyResponse(verdict));
});
