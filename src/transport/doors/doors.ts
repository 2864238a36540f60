/** The doors of the gateways and of RFC 7662 and 7009, as a list: what the HTTP and gRPC listeners add. */

import { Authorization } from '../../gen/envoy/service/auth/v3/external_auth_pb.ts';
import type { Route } from '../http/router.ts';
import { type Binding, bind } from '../rpc/handlers.ts';
import { type EnvoyCheckDeps, envoyCheckHandlers } from './envoy-check.ts';
import { extAuthzHttpRoute } from './envoy-http.ts';
import { forwardAuthRoute } from './forward-auth.ts';
import type { GatewayDoorDeps } from './gateway-door.ts';
import { type IntrospectDeps, introspectRoute } from './introspect.ts';
import { type RevokeTokenDeps, revokeTokenRoute } from './revoke-token.ts';

/** What the doors need. */
export type DoorDeps = GatewayDoorDeps & IntrospectDeps & RevokeTokenDeps;

/** The doors on the HTTP listener. */
export function doorRoutes(deps: DoorDeps): Route[] {
  return [
    extAuthzHttpRoute(deps),
    forwardAuthRoute(deps),
    introspectRoute(deps),
    revokeTokenRoute(deps),
  ];
}

/** The door on the gRPC listener. */
export function envoyBinding(deps: EnvoyCheckDeps): Binding {
  return bind(Authorization, envoyCheckHandlers(deps));
}
