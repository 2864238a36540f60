/** The shape of an rpc's handler: written once, bound to grpc-js and to connect-node. */

import type { DescMethod, DescService, MessageShape } from '@bufbuild/protobuf';
import type { Awaitable } from '../../store/awaitable.ts';
import type { Call } from './call.ts';

/** One request, one response: at once where it is known at once. */
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

/** The handler that a method's shape asks for. */
export type Handler<M extends DescMethod> = M['methodKind'] extends 'unary'
  ? Unary<M>
  : M['methodKind'] extends 'server_streaming'
    ? ServerStreaming<M>
    : BidiStreaming<M>;

/** A handler for every rpc of a service, by the method's local name. */
export type Handlers<S extends DescService> = { [N in keyof S['method']]: Handler<S['method'][N]> };

/** A service with its handlers, whichever service it is. */
export interface Binding {
  service: DescService;
  /** By the method's local name; `bind` has checked that each fits its method. */
  handlers: Readonly<Record<string, unknown>>;
}

/** Puts a service and its handlers together. */
export function bind<S extends DescService>(service: S, handlers: Handlers<S>): Binding {
  return { service, handlers };
}
