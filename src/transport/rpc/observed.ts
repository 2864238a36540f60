/** Times and traces the calls of handlers, in one place for all protocols. */

import type { DescMethod } from '@bufbuild/protobuf';
import { type Awaitable, mapAwaitable } from '../../store/awaitable.ts';
import type { Tracing } from '../../tracing/tracing.ts';
import type { Door } from './call.ts';
import type { Binding, Unary } from './handlers.ts';

/** Notes how long a call took, in milliseconds. */
export type NoteDuration = (ms: number, door: Door) => void;

/** Where durations are noted. */
export interface CallDurations {
  /** The function that notes those of one method, such as "Verify". */
  of(method: string): NoteDuration;
}

/** Where calls are noted. */
export interface Observed {
  durations: CallDurations;
  /** Absent without tracing. */
  tracing: Tracing | undefined;
}

/** Bindings whose unary calls are timed and traced; a stream lasts as long as its caller wants. */
export function observedBindings(bindings: readonly Binding[], observed: Observed): Binding[] {
  const { durations, tracing } = observed;
  return bindings.map(({ service, handlers }) => {
    const all: Record<string, unknown> = { ...handlers };
    for (const method of service.methods) {
      if (method.methodKind !== 'unary') continue;
      const handler = handlers[method.localName] as Unary<DescMethod>;
      const inSpan = tracing === undefined ? handler : tracedUnary(method, handler, tracing);
      all[method.localName] = timedUnary(inSpan, durations.of(method.name));
    }
    return { service, handlers: all };
  });
}

function timedUnary(handler: Unary<DescMethod>, note: NoteDuration): Unary<DescMethod> {
  return (request, call) => timed(() => handler(request, call), call.door, note);
}

/** Spans of rpcs, by OpenTelemetry's semantic conventions. */
function tracedUnary(
  { parent, name }: DescMethod,
  handler: Unary<DescMethod>,
  tracing: Tracing,
): Unary<DescMethod> {
  const method = `${parent.typeName}/${name}`;
  return (request, call) => {
    const [traceparent] = call.header('traceparent');
    const [tracestate] = call.header('tracestate');
    const attributes = { 'rpc.method': method, 'usher.door': call.door };
    return tracing.call({ name: method, traceparent, tracestate, attributes }, () =>
      handler(request, call),
    );
  };
}

/** Calls a function, and notes how long it took until its value is there, also when it fails. */
export function timed<T>(run: () => Awaitable<T>, door: Door, note: NoteDuration): Awaitable<T> {
  const call = { beganMs: performance.now(), door, note };
  try {
    return mapAwaitable(run(), end<T>, fail, call);
  } catch (error) {
    return fail(error, call);
  }
}

interface TimedCall {
  beganMs: number;
  door: Door;
  note: NoteDuration;
}

function end<T>(value: T, { beganMs, door, note }: TimedCall): T {
  note(performance.now() - beganMs, door);
  return value;
}

function fail(error: unknown, { beganMs, door, note }: TimedCall): never {
  note(performance.now() - beganMs, door);
  throw error;
}
