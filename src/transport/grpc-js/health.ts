/** grpc.health.v1.Health by the official implementation, for probes and load balancers. */

import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';
import { livenessName } from '../rpc/grpc-listener.ts';

/** The health service. */
export interface Health {
  /** Adds the service to a grpc-js server. */
  addToServer: HealthImplementation['addToServer'];
  /** Sets the status of the server and all services: SERVING or NOT_SERVING. */
  setServing(serving: boolean): void;
}

/** Health of the server as a whole (named "") and of each service, SERVING at first, and `liveness`. */
export function createHealth(services: readonly string[]): Health {
  const names = ['', ...services];
  const statuses: ServingStatusMap = Object.fromEntries(
    [...names, livenessName].map(name => [name, 'SERVING']),
  );
  const health = new HealthImplementation(statuses);
  return {
    addToServer: server => health.addToServer(server),
    setServing(serving) {
      for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}
