/** RFC 7662: /oauth2/introspect tells what a token is, to callers that may know. */

import type { Json, JsonObject } from '../../store/record.ts';
import type { Identity } from '../../verify/verdict.ts';
import type { Route } from '../http/router.ts';
import type { DoorVerify } from '../rpc/call.ts';
import { type OauthDeps, oauthRoute } from './oauth.ts';
import { requirementsOf } from './requirements.ts';

/** What introspection needs. */
export interface IntrospectDeps extends OauthDeps {
  verify: DoorVerify;
}

/** The route. */
export function introspectRoute(deps: IntrospectDeps): Route {
  return oauthRoute('/oauth2/introspect', deps, async (token, form, { owner }) => {
    // Not in RFC 7662, but some callers ask whether the token has these scopes.
    const requirements = requirementsOf({ audiences: [], scopes: [form.get('scope') ?? ''] });
    if (typeof requirements === 'string') return inactive;
    const question = { header: `Bearer ${token}`, ...requirements };
    const verdict = await deps.verify(question, 'introspect');
    if (!verdict.valid) return inactive;
    // A caller that is limited to an owner's tokens must not learn of another's.
    if (owner !== undefined && verdict.identity.owner !== owner) return inactive;
    return active(verdict.identity);
  });
}

/** All that is ever said of a token that is not good. */
const inactive = { active: false };

function active(identity: Identity): JsonObject {
  const { tokenId, kind, owner, subject, scopes, exp, claims = {}, revision } = identity;
  return {
    active: true,
    scope: scopes.join(' '),
    client_id: tokenId,
    token_type: 'Bearer',
    ...(exp > 0 ? { exp } : {}),
    ...integer('iat', claims.iat),
    ...integer('nbf', claims.nbf),
    ...(subject === '' ? {} : { sub: subject }),
    ...(claims.aud === undefined ? {} : { aud: claims.aud }),
    ...(typeof claims.iss === 'string' ? { iss: claims.iss } : {}),
    ...(typeof claims.jti === 'string' ? { jti: claims.jti } : {}),
    kind,
    ...(owner === '' ? {} : { owner }),
    revision,
  };
}

/** RFC 7662 knows whole seconds; a JWT may have parts of one. */
function integer(name: string, value: Json | undefined): JsonObject {
  return typeof value === 'number' ? { [name]: Math.floor(value) } : {};
}
