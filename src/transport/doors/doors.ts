/** Lists the endpoints for gateways and OAuth clients, for the HTTP and gRPC listeners. */

import { Authorization } from '../../gen/envoy/service/auth/v3/external_auth_pb.ts';
import { observedRoute } from '../http/observed-route.ts';
import type { Route } from '../http/router.ts';
import { type Binding, bind } from '../rpc/handlers.ts';
import type { Observed } from '../rpc/observed.ts';
import { type EnvoyCheckDeps, envoyCheckHandlers } from './envoy-check.ts';

export { marksOfChecked } from './envoy-check.ts';

import { extAuthzHttpRoute } from './envoy-http.ts';
import { forwardAuthRoute } from './forward-auth.ts';
import type { GatewayDoorDeps } from './gateway-door.ts';
import { type IntrospectDeps, introspectRoute } from './introspect.ts';
import { type RevokeTokenDeps, revokeTokenRoute } from './revoke-token.ts';

/** What the endpoints need. */
export type DoorDeps = GatewayDoorDeps & IntrospectDeps & RevokeTokenDeps;

/** The routes on the HTTP listener, whose requests are timed and traced. */
export function doorRoutes(deps: DoorDeps, observed: Observed): Route[] {
  return [
    observedRoute(extAuthzHttpRoute(deps), 'envoy-http', observed),
    observedRoute(forwardAuthRoute(deps), 'forward-auth', observed),
    observedRoute(introspectRoute(deps), 'introspect', observed),
    observedRoute(revokeTokenRoute(deps), 'revoke', observed),
  ];
}

/** Envoy's Authorization service, for the gRPC listener. */
export function envoyBinding(deps: EnvoyCheckDeps): Binding {
  return bind(Authorization, envoyCheckHandlers(deps));
}
