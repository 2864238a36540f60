/** Makes access tokens by the API, and JWTs. */

import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { SignJWT } from 'jose';
import { AccessTokenService, Kind } from '../src/gen/usher/v1/access_token_pb.ts';
import type { Usher } from './processes.ts';

/** What the API Manager is asked here. */
export interface Manager {
  /** Makes a static token and gives its UUID and the token. */
  createStatic(): Promise<{ id: string; token: string }>;
  /** Makes an access token for JWTs and gives its UUID and the secret key. */
  createJwt(): Promise<{ id: string; secret: string }>;
  revoke(id: string): Promise<void>;
}

/** Speaks to the API Manager of an Usher. */
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
    async revoke(id) {
      await tokens.revoke({ id }, asAdmin);
    },
  };
}

/** Signs an ordinary JWT for a subject. */
export async function signJwt(kid: string, secret: string, subject: string): Promise<string> {
  return await new SignJWT({ scope: 'orders:read' })
    .setProtectedHeader({ alg: 'HS256', kid })
    .setSubject(subject)
    .setAudience('shop')
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(secret));
}
