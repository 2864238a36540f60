/** Creates tokens for the tests of gateways. */

import { type JWTPayload, SignJWT } from 'jose';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from '../server/api.ts';
import type { TestServer } from '../server/run-server.ts';

/** Fields of a token to create. */
export interface TokenFields {
  /** "test" if absent. */
  name?: string;
  owner?: string;
  scopes?: string[];
  allowedSources?: string[];
}

/** Creates a static token. */
export async function makeStatic(usher: TestServer, fields: TokenFields = {}) {
  const request = { kind: Kind.STATIC, name: 'test', ...fields };
  const { accessToken, token } = await adminOf(usher).create(request);
  return { id: accessToken?.id ?? '', token };
}

/** Creates an access token of kind jwt, and a function that signs with it. */
export async function makeJwt(usher: TestServer, fields: TokenFields = {}) {
  const request = { kind: Kind.JWT, name: 'test', ...fields };
  const { accessToken, secret } = await adminOf(usher).create(request);
  const id = accessToken?.id ?? '';
  const sign = (payload: JWTPayload, header: Record<string, unknown> = { kid: id }) =>
    new SignJWT(payload)
      .setProtectedHeader({ alg: 'HS256', ...header })
      .sign(new TextEncoder().encode(secret));
  return { id, secret, sign };
}
