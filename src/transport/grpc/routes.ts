/** The methods of the gRPC port, by their paths. */

import type { DescMethod } from '@bufbuild/protobuf';
import type { Binding, Unary } from '../rpc/handlers.ts';

/** A unary method and its handler. */
export interface Route {
  method: DescMethod;
  handler: Unary<DescMethod>;
}

/** The routes of these services, by `/package.Service/Method`. */
export function routesOf(bindings: readonly Binding[]): ReadonlyMap<string, Route> {
  const routes = new Map<string, Route>();
  for (const { service, handlers } of bindings) {
    for (const method of service.methods) {
      if (method.methodKind !== 'unary') continue;
      const handler = handlers[method.localName] as Unary<DescMethod>;
      routes.set(`/${service.typeName}/${method.name}`, { method, handler });
    }
  }
  return routes;
}
