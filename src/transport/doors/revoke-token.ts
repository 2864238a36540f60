/** POST /oauth2/revoke (RFC 7009) revokes the posted token: a static token, or one JWT by `jti`. */

import type { AccessTokens } from '../../tokens/access-tokens.ts';
import { adminScope, type Caller, revokeScope } from '../../tokens/caller.ts';
import { TokenError } from '../../tokens/errors.ts';
import type { Identity, Reason } from '../../verify/verdict.ts';
import type { Route } from '../http/router.ts';
import { bearerRealm } from '../http/www-authenticate.ts';
import { joinAuthorization } from '../rpc/authorization.ts';
import type { DoorVerify } from '../rpc/call.ts';
import { type OauthDeps, type OauthError, oauthRoute } from './oauth.ts';

/** What revocation needs. */
export interface RevokeTokenDeps extends OauthDeps {
  verify: DoorVerify;
  accessTokens: Pick<AccessTokens, 'revoke' | 'revokeJwts'>;
}

/** The route of /oauth2/revoke. */
export function revokeTokenRoute(deps: RevokeTokenDeps): Route {
  return oauthRoute('/oauth2/revoke', revokeScope, deps, async (token, _form, caller) => {
    const verdict = await deps.verify({ header: joinAuthorization([`Bearer ${token}`]) }, 'revoke');
    const { identity } = verdict;
    // RFC 7009 section 2.2: invalid tokens are answered like revoked ones.
    if (!identity || (!verdict.valid && isOver(verdict.reason, identity))) return done;
    if (caller.owner !== undefined && identity.owner !== caller.owner) return notYours;
    try {
      return await revoke(deps.accessTokens, caller, identity);
    } catch (error) {
      if (!(error instanceof TokenError)) throw error;
      return errorOf(error);
    }
  });
}

const done = {};
const over: ReadonlySet<Reason> = new Set(['EXPIRED', 'REVOKED', 'JWT_MISSING_EXP']);
const reason = 'revoked by its holder (RFC 7009)';

/** Whether a refused token can never become valid. A JWT whose claims could not be read never does. */
function isOver(why: Reason, { claims }: Identity): boolean {
  return over.has(why) || (why === 'MALFORMED_CLAIM' && claims === undefined);
}

/** Revokes with admin rights: an authenticated caller may revoke any token that it holds. */
async function revoke(
  accessTokens: RevokeTokenDeps['accessTokens'],
  caller: Caller,
  { kind, tokenId, jti }: Identity,
): Promise<object | OauthError> {
  const holder = { ...caller, scopes: [...caller.scopes, adminScope] };
  if (kind === 'static') {
    await accessTokens.revoke(holder, tokenId, reason);
    return done;
  }
  if (jti === '') return hasNoJti;
  await accessTokens.revokeJwts(holder, tokenId, { jti }, reason);
  return done;
}

function errorOf({ code, message }: TokenError): object | OauthError {
  switch (code) {
    // It has been revoked or removed since the verdict.
    case 'FAILED_PRECONDITION':
    case 'NOT_FOUND':
      return done;
    case 'RESOURCE_EXHAUSTED':
    case 'ABORTED':
      return { status: 503, error: 'temporarily_unavailable', description: message };
    default:
      return { status: 400, error: 'invalid_request', description: message };
  }
}

const notYours: OauthError = {
  status: 403,
  error: 'unauthorized_client',
  description: "the token is not one of the owner that the caller's access token is limited to",
  challenges: [bearerRealm],
};

const hasNoJti: OauthError = {
  status: 400,
  error: 'unsupported_token_type',
  description: 'this JWT has no jti; revoke its subject or its access token in the API Manager',
};
