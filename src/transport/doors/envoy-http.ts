/** Envoy's ext_authz over HTTP: every method and path below /ext-authz/. */

import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { rateLimitFields } from '../http/rate-limit-fields.ts';
import type { Route } from '../http/router.ts';
import {
  askedByHeaders,
  type GatewayDoor,
  type GatewayDoorDeps,
  verifyForGateway,
} from './gateway-door.ts';
import { identityHeaders } from './identity-headers.ts';
import { credentialOf, type Requirements, requirementsOf } from './requirements.ts';

/**
 * The route of /ext-authz/. Envoy appends the client's path and query to the prefix, so
 * requirements can only come in headers, which Envoy adds by `headers_to_add`.
 */
export function extAuthzHttpRoute(deps: GatewayDoorDeps): Route {
  const handle = async (req: HttpRequest, res: HttpResponse) => {
    const asked = askedByHeaders(req);
    const credential = credentialOf(req.headers['x-usher-credential']);
    const requirements = credential.fault ?? (asked ? requirementsOf(asked) : nothing);
    const verdict = await verifyForGateway(req, res, deps, door, requirements);
    if (!verdict) return;
    const sent: Record<string, string | number> = { 'Content-Length': 0 };
    const removed: string[] = [];
    for (const [name, value] of identityHeaders(verdict.identity)) {
      if (value === '') removed.push(name);
      else sent[name] = value;
    }
    if (!credential.isKept) removed.push('authorization');
    if (removed.length > 0) sent['x-envoy-auth-headers-to-remove'] = removed.join(', ');
    // Envoy treats every status except 200 as a refusal, also 204.
    res.writeHead(200, { ...sent, ...rateLimitFields(verdict) }).end();
  };
  // The query behind the prefix is the client's own.
  return { path: '/ext-authz/', prefix: true, methods: 'any', query: 'any', handle };
}

const door: GatewayDoor = {
  door: 'envoy-http',
  path: '/ext-authz',
  // Envoy treats a 5xx as an error, which `failure_mode_allow` lets pass: a client could cause one
  // with a JWT without `kid`.
  statusOf: http => (http < 500 ? http : 401),
};

const nothing: Requirements = { audience: '', requiredScopes: [] };
