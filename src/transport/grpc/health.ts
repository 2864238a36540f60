/** grpc.health.v1.Health as a service like any other, for probes and load balancers. */

import { create } from '@bufbuild/protobuf';
import {
  Health,
  type HealthCheckResponse,
  HealthCheckResponseSchema,
  HealthListResponseSchema,
  HealthCheckResponse_ServingStatus as Status,
} from '../../gen/grpc/health/v1/health_pb.ts';
import { livenessName } from '../rpc/grpc-listener.ts';
import { type Binding, bind } from '../rpc/handlers.ts';
import { RpcError } from '../rpc/rpc-error.ts';

/** The health service. */
export interface HealthService {
  binding: Binding;
  /** Sets the status of the server and all services: SERVING or NOT_SERVING. */
  setServing(serving: boolean): void;
}

/** Health of the server as a whole (named "") and of each service, SERVING at first, and `liveness`. */
export function createHealthService(services: readonly string[]): HealthService {
  const names = ['', ...services];
  const statuses = new Map<string, Status>();
  for (const name of [...names, livenessName]) statuses.set(name, Status.SERVING);
  const watchers = new Set<() => void>();
  const responseOf = (status: Status) => create(HealthCheckResponseSchema, { status });

  async function* watch(name: string, signal: AbortSignal): AsyncGenerator<HealthCheckResponse> {
    let told: Status | undefined;
    let wake = () => {};
    const onChange = () => wake();
    watchers.add(onChange);
    signal.addEventListener('abort', onChange);
    try {
      while (!signal.aborted) {
        // An unknown service may become known later (its rule).
        const status = statuses.get(name) ?? Status.SERVICE_UNKNOWN;
        if (status === told) {
          await new Promise<void>(resolve => {
            wake = resolve;
          });
        } else {
          told = status;
          yield responseOf(status);
        }
      }
    } finally {
      watchers.delete(onChange);
    }
  }

  const binding = bind(Health, {
    check({ service }) {
      const status = statuses.get(service);
      if (status === undefined) throw new RpcError('NOT_FOUND', 'there is no such service');
      return responseOf(status);
    },
    list() {
      const all = [...statuses].map(([name, status]) => [name, responseOf(status)]);
      return create(HealthListResponseSchema, { statuses: Object.fromEntries(all) });
    },
    watch: ({ service }, { signal }) => watch(service, signal),
  });
  return {
    binding,
    setServing(serving) {
      for (const name of names) statuses.set(name, serving ? Status.SERVING : Status.NOT_SERVING);
      for (const onChange of watchers) onChange();
    },
  };
}
