/** What both gRPC listeners have in common: this project's own and that on grpc-js. */

import type { AccessLog } from './access-log.ts';
import type { Door } from './call.ts';
import type { OnBug } from './failure.ts';
import type { GrpcLimits } from './grpc-limits.ts';
import type { Guard } from './guard.ts';
import type { Binding } from './handlers.ts';
import type { Listener } from './listener.ts';
import type { ProbeDeps } from './probes.ts';

/** A name of the health service that is always SERVING: it answers as long as the process does. */
export const livenessName = 'liveness';

/** What a gRPC listener needs. */
export interface GrpcDeps {
  /** The services; health and reflection are added to them. */
  bindings: readonly Binding[];
  limits: GrpcLimits;
  /** The name in metrics, when it is not the protocol's. */
  door?: Door;
  /** Called with each unexpected error. */
  onBug: OnBug;
  /** Answers health checks over plain HTTP/2; absent where the listener is always ready. */
  probes?: ProbeDeps;
  /** Shared with other listeners; absent where there are none. */
  guard?: Guard;
  /** Absent without an access log. */
  access?: AccessLog | undefined;
}

/** A gRPC listener. */
export interface GrpcListener extends Listener {
  /** Sets what the health service reports. */
  setServing(serving: boolean): void;
}
