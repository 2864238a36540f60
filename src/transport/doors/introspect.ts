/** POST /oauth2/introspect (RFC 7662) describes a token to authorized callers. */

import type { Json, JsonObject } from '../../store/record.ts';
import { type Caller, introspectScope } from '../../tokens/caller.ts';
import type { Identity } from '../../verify/verdict.ts';
import type { Form } from '../http/form.ts';
import type { Route } from '../http/router.ts';
import { joinAuthorization } from '../rpc/authorization.ts';
import type { DoorVerify } from '../rpc/call.ts';
import { addressIn } from '../rpc/client-address.ts';
import { invalidRequest, type OauthDeps, oauthRoute } from './oauth.ts';
import { requirementsOf } from './requirements.ts';

/** What introspection needs. */
export interface IntrospectDeps extends OauthDeps {
  verify: DoorVerify;
}

/** The route of /oauth2/introspect. */
export function introspectRoute(deps: IntrospectDeps): Route {
  const handle = async (token: string, form: Form, { owners }: Caller) => {
    // Beyond RFC 7662: some callers ask whether the token has these scopes, ...
    const requirements = requirementsOf({ audiences: [], scopes: [form.get('scope') ?? ''] });
    if (typeof requirements === 'string') return inactive;
    // ... and those who serve tokens for some addresses only must say from which one it was used.
    const source = sourceIn(form);
    if (source === undefined) return invalidRequest('the parameter source is not an IP address');
    const question = { header: joinAuthorization([`Bearer ${token}`]), ...requirements, source };
    const verdict = await deps.verify(question, 'introspect');
    if (!verdict.valid) return inactive;
    // A caller limited to some owners' tokens must not learn about others.
    if (owners?.includes(verdict.identity.owner) === false) return inactive;
    return active(verdict.identity);
  };
  return oauthRoute({ path: '/oauth2/introspect', scope: introspectScope, handle }, deps);
}

/** The address in the parameter `source`; "" for none, undefined for text that is no address. */
function sourceIn(form: Form): string | undefined {
  const text = form.get('source') ?? '';
  return text === '' ? '' : addressIn(text) || undefined;
}

/** The response for any token that is not valid (RFC 7662 section 2.2). */
const inactive = { active: false };

function active(identity: Identity): JsonObject {
  const { tokenId, kind, owner, subject, jti, scopes, exp, claims = {}, revision } = identity;
  return {
    active: true,
    scope: scopes.join(' '),
    client_id: tokenId,
    token_type: 'Bearer',
    ...(exp > 0 ? { exp } : {}),
    ...integer('iat', claims.iat),
    ...integer('nbf', claims.nbf),
    ...(subject === '' ? {} : { sub: subject }),
    ...((claims.aud ?? null) === null ? {} : { aud: claims.aud as Json }),
    ...(typeof claims.iss === 'string' ? { iss: claims.iss } : {}),
    ...(jti === '' ? {} : { jti }),
    kind,
    ...(owner === '' ? {} : { owner }),
    revision,
  };
}

/** RFC 7662 section 2.2 has integer times; a JWT's may have fractions. */
function integer(name: string, value: Json | undefined): JsonObject {
  return typeof value === 'number' ? { [name]: Math.floor(value) } : {};
}
