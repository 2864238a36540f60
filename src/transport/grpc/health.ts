/** grpc.health.v1.Health: whether each service serves, for probes and load balancers. */

import { HealthImplementation, type ServingStatusMap } from 'grpc-health-check';

/** The health service. */
export interface Health {
  /** Adds it to a server. */
  addToServer: HealthImplementation['addToServer'];
  /** Says for all services whether they serve. */
  setServing(serving: boolean): void;
}

/** The health of the server as a whole, which is named "", and of each service. Serves at first. */
export function createHealth(services: readonly string[]): Health {
  const names = ['', ...services];
  const statuses: ServingStatusMap = Object.fromEntries(names.map(name => [name, 'SERVING']));
  const health = new HealthImplementation(statuses);
  return {
    addToServer: server => health.addToServer(server),
    setServing(serving) {
      for (const name of names) health.setStatus(name, serving ? 'SERVING' : 'NOT_SERVING');
    },
  };
}
