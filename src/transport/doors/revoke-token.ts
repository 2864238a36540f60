/**
 * POST /oauth2/revoke (RFC 7009) revokes the posted token, a static token or one JWT: for callers with the
 * scope, and for its holder, who authenticates with the token itself.
 */

import { trimBlanks } from '../../caching/canonical-header.ts';
import type { AccessTokens } from '../../tokens/access-tokens.ts';
import { adminScope, type Caller, revokeScope } from '../../tokens/caller.ts';
import { TokenError } from '../../tokens/errors.ts';
import { jwtDigest } from '../../verify/jwt.ts';
import type { Identity, Reason, Verdict } from '../../verify/verdict.ts';
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
  const verdictOn = (token: string) =>
    deps.verify({ header: joinAuthorization([`Bearer ${token}`]) }, 'revoke');
  return oauthRoute(
    {
      path: '/oauth2/revoke',
      scope: revokeScope,
      async handle(token, _form, caller) {
        const verdict = await verdictOn(token);
        const { identity } = verdict;
        // RFC 7009 section 2.2: invalid tokens are answered like revoked ones.
        if (!identity || isOver(verdict)) return done;
        if (caller.owners?.includes(identity.owner) === false) return notYours;
        return await revoke(deps.accessTokens, caller, { token, identity }, byClient);
      },
      // A holder of a token may end it: from any address, and also when it is over its limit.
      async handleHolder({ token, clientId, peer }) {
        const verdict = await verdictOn(token);
        const { identity } = verdict;
        if (!identity) return undefined;
        if (clientId !== undefined && clientId.toLowerCase() !== identity.tokenId) return undefined;
        if (isOver(verdict)) return done;
        const holder = { actor: identity.tokenId, name: '', peer, scopes: [] };
        return await revoke(deps.accessTokens, holder, { token, identity }, byHolder);
      },
    },
    deps,
  );
}

const done = {};
const over: ReadonlySet<Reason> = new Set(['EXPIRED', 'REVOKED', 'JWT_MISSING_EXP']);
/** The reasons in the audit log. */
const byHolder = 'revoked by its holder';
const byClient = 'revoked by RFC 7009';

/** Whether a refused token can never become valid. A JWT whose claims could not be read never does. */
function isOver(verdict: Verdict): boolean {
  if (verdict.valid) return false;
  const { reason, identity } = verdict;
  return over.has(reason) || (reason === 'MALFORMED_CLAIM' && identity?.claims === undefined);
}

/** Revokes a static token, or one JWT, with admin rights: they come from holding it. */
async function revoke(
  accessTokens: RevokeTokenDeps['accessTokens'],
  caller: Caller,
  { token, identity }: { token: string; identity: Identity },
  reason: string,
): Promise<object | OauthError> {
  const { kind, tokenId, jti } = identity;
  const admin = { ...caller, scopes: [...caller.scopes, adminScope] };
  try {
    if (kind === 'static') {
      await accessTokens.revoke(admin, tokenId, reason);
    } else {
      const target = jti === '' ? { digest: jwtDigest(trimBlanks(token)) } : { jti };
      await accessTokens.revokeJwts(admin, tokenId, target, reason);
    }
    return done;
  } catch (error) {
    if (!(error instanceof TokenError)) throw error;
    return errorOf(error);
  }
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
