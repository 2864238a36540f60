/** The methods of the gRPC port, by their paths. */

import type { DescMethod } from '@bufbuild/protobuf';
import type { Door } from '../rpc/call.ts';
import type { Binding, Unary } from '../rpc/handlers.ts';
import type { StreamRoute } from './stream-call.ts';

/** A unary method and its handler. */
export interface UnaryRoute {
  isStreaming: false;
  /** The name of its calls in metrics. */
  door: Door;
  method: DescMethod;
  handler: Unary<DescMethod>;
}

/** A method and its handler. */
export type Route = UnaryRoute | StreamRoute;

/** By `/package.Service/Method`. */
export type Routes = ReadonlyMap<string, Route>;

/** The routes of these services; throws for a method that streams requests only. */
export function routesOf(bindings: readonly Binding[], door: Door): Routes {
  const routes = new Map<string, Route>();
  for (const { service, handlers } of bindings) {
    for (const method of service.methods) {
      const path = `/${service.typeName}/${method.name}`;
      const handler = handlers[method.localName];
      if (method.methodKind === 'client_streaming') {
        throw new Error(`${path}: a client stream has no handler shape`);
      }
      if (method.methodKind === 'unary') {
        const unary = handler as Unary<DescMethod>;
        routes.set(path, { isStreaming: false, door, method, handler: unary });
      } else {
        routes.set(path, { isStreaming: true, door, method, handler });
      }
    }
  }
  return routes;
}
