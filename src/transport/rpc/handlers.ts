/** Types of rpc handlers, which are written once and bound to both grpc-js and connect-node. */

import type { DescMethod, DescService, MessageShape } from '@bufbuild/protobuf';
import type { Awaitable } from '../../store/awaitable.ts';
import type { Call } from './call.ts';

/** One request, one response. It returns no promise where the response is known at once. */
export type Unary<M extends DescMethod> = (
  request: MessageShape<M['input']>,
  call: Call,
) => Awaitable<MessageShape<M['output']>>;

/** A stream of responses. */
export type ServerStreaming<M extends DescMethod> = (
  request: MessageShape<M['input']>,
  call: Call,
) => AsyncIterable<MessageShape<M['output']>>;

/** A stream each way. */
export type BidiStreaming<M extends DescMethod> = (
  requests: AsyncIterable<MessageShape<M['input']>>,
  call: Call,
) => AsyncIterable<MessageShape<M['output']>>;

/** The type of handler for a method. Methods that stream only requests are not supported. */
type Handler<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? Unary<M>
  : M['methodKind'] extends 'server_streaming'
    ? ServerStreaming<M>
    : BidiStreaming<M>;

/** A handler for every rpc of a service, by the method's local name. */
export type Handlers<S extends DescService> = { [N in keyof S['method']]: Handler<S['method'][N]> };

/** A service with its handlers, untyped. */
export interface Binding {
  service: DescService;
  /** By the method's local name. `bind` checks their types. */
  handlers: Readonly<Record<string, unknown>>;
}

/** Pairs a service with its handlers. */
export function bind<S extends DescService>(service: S, handlers: Handlers<S>): Binding {
  return { service, handlers };
}
