/** Creates and revokes access tokens by the API, and signs JWTs. */

import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { SignJWT } from 'jose';
import { AccessTokenService, Kind, LimitPer, Period } from '../src/gen/usher/v1/access_token_pb.ts';
import type { Usher } from './processes.ts';

/** The calls to the API Manager that the benchmark makes. */
export interface Manager {
  /** Creates an access token of kind static. */
  createStatic(): Promise<{ id: string; token: string }>;
  /** Creates an access token of kind jwt. */
  createJwt(): Promise<{ id: string; secret: string }>;
  /** Creates an access token of kind static with a rate limit that is never reached. */
  createLimited(): Promise<{ id: string; token: string }>;
  /** Creates one of kind jwt with a rate limit and a quota, both per subject. */
  createLimitedJwt(): Promise<{ id: string; secret: string }>;
  /** Revokes an access token. */
  revoke(id: string): Promise<void>;
}

/** More requests than a benchmark makes. */
const never = 1_000_000_000_000n;
const minute = durationFromMs(60_000);

/** A client of the API Manager of an Usher, with the admin token. */
export function managerOf({ manager, adminToken }: Usher): Manager {
  const transport = createConnectTransport({ baseUrl: `http://${manager}` });
  const tokens = createClient(AccessTokenService, transport);
  const asAdmin = { headers: { authorization: adminToken } };
  return {
    async createStatic() {
      const { accessToken, token } = await tokens.create(
        { kind: Kind.STATIC, name: 'bench' },
        asAdmin,
      );
      return { id: accessToken?.id ?? '', token };
    },
    async createJwt() {
      const { accessToken, secret } = await tokens.create(
        { kind: Kind.JWT, name: 'bench' },
        asAdmin,
      );
      return { id: accessToken?.id ?? '', secret };
    },
    async createLimited() {
      const { accessToken, token } = await tokens.create(
        { kind: Kind.STATIC, name: 'bench', rateLimit: { requests: never, window: minute } },
        asAdmin,
      );
      return { id: accessToken?.id ?? '', token };
    },
    async createLimitedJwt() {
      const per = LimitPer.SUBJECT;
      const { accessToken, secret } = await tokens.create(
        {
          ...{ kind: Kind.JWT, name: 'bench' },
          rateLimit: { requests: never, window: minute, per },
          quota: { requests: never, period: Period.MONTH, per },
        },
        asAdmin,
      );
      return { id: accessToken?.id ?? '', secret };
    },
    async revoke(id) {
      await tokens.revoke({ id }, asAdmin);
    },
  };
}

/** Signs a JWT of ordinary size, valid for one hour. */
export async function signJwt(kid: string, secret: string, subject: string): Promise<string> {
  return await new SignJWT({ scope: 'orders:read' })
    .setProtectedHeader({ alg: 'HS256', kid })
    .setSubject(subject)
    .setAudience('shop')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
}
