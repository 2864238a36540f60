/** grpc.health.v1.Health, for probes and load balancers. */

import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';

/** The health service. */
export interface Health {
  /** Adds the service to a grpc-js server. */
  addToServer: HealthImplementation['addToServer'];
  /** Sets the status of the server and all services: SERVING or NOT_SERVING. */
  setServing(serving: boolean): void;
}

/** Always SERVING: it answers as long as the process does, for liveness probes. */
const liveness = 'liveness';

/**
 * Health of the server as a whole (named "") and of each service, SERVING at first, and `liveness`.
 */
export function createHealth(services: readonly string[]): Health {
  const names = ['', ...services];
  const statuses: ServingStatusMap = Object.fromEntries(
    [...names, liveness].map(name => [name, 'SERVING']),
  );
  const health = new HealthImplementation(statuses);
  return {
    addToServer: server => health.addToServer(server),
    setServing(serving) {
      for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}
