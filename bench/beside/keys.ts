/** The static tokens that a peer knows beside those of the load, and JWTs as peers want them. */

import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { exportJWK, type JWK, SignJWT } from 'jose';
import type { Known } from './peer.ts';

/** The tokens that a peer knows: the two of the load first, then the others. */
export function tokensOf({ static: { token }, spare, others }: Known): string[] {
  const rest = Array.from({ length: others }, () => randomBytes(24).toString('base64url'));
  return [token, spare.token, ...rest];
}

/** SHA-256 as hex. */
export function digest(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/** The key of the JWTs of the load as a JWK set. */
export function keySetOf({ jwt: { id, secret } }: Known): { keys: JWK[] } {
  const k = Buffer.from(secret).toString('base64url');
  return { keys: [{ kty: 'oct', kid: id, alg: 'HS256', use: 'sig', k }] };
}

/** A JWT like those of the load, but signed with ES256, for peers that take no HS256. */
export async function es256(issuer: string): Promise<{ header: string; keySet: { keys: JWK[] } }> {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const token = await new SignJWT({ scope: 'orders:read' })
    .setProtectedHeader({ alg: 'ES256', kid: 'k1' })
    .setSubject('user-1')
    .setAudience('shop')
    .setIssuer(issuer)
    .setIssuedAt()
    .setExpirationTime('1h')
    .sign(privateKey);
  const jwk = { ...(await exportJWK(publicKey)), kid: 'k1', alg: 'ES256', use: 'sig' };
  return { header: `Bearer ${token}`, keySet: { keys: [jwk] } };
}
