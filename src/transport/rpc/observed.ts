/** Times and traces the calls of handlers, in one place for all protocols. */

import type { DescMethod } from '@bufbuild/protobuf';
import { type Awaitable, mapAwaitable } from '../../store/awaitable.ts';
import type { Attributes, Sampled, Tracing } from '../../tracing/tracing.ts';
import type { Call, CallMarks, Door } from './call.ts';
import type { CallScopes } from './call-scopes.ts';
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
  /** Absent where no line of the log names calls. */
  scopes?: CallScopes | undefined;
}

/**
 * What finds a call, where its message says that too: Envoy asks about the request of its client, and sends
 * its headers.
 */
export type MarksIn = (
  message: unknown,
) => Pick<CallMarks, 'traceparent' | 'tracestate' | 'requestId'>;

/**
 * Bindings whose calls are traced, and whose unary calls are timed: a stream lasts as long as its caller wants.
 */
export function observedBindings(
  bindings: readonly Binding[],
  observed: Observed,
  marksIn?: MarksIn,
): Binding[] {
  const { durations, tracing, scopes } = observed;
  return bindings.map(({ service, handlers }) => {
    const all: Record<string, unknown> = { ...handlers };
    for (const method of service.methods) {
      if (method.methodKind !== 'unary') {
        const handler = handlers[method.localName] as Streaming;
        if (tracing !== undefined) all[method.localName] = tracedStream(method, handler, tracing);
        continue;
      }
      let handler = handlers[method.localName] as Unary<DescMethod>;
      if (tracing !== undefined) handler = tracedUnary(method, handler, tracing, marksIn);
      if (scopes !== undefined) handler = scopedUnary(handler, scopes, marksIn);
      all[method.localName] = timedUnary(handler, durations.of(method.name));
    }
    return { service, handlers: all };
  });
}

function timedUnary(handler: Unary<DescMethod>, note: NoteDuration): Unary<DescMethod> {
  return (request, call) => {
    const timing = { beganMs: performance.now(), door: call.door, note };
    try {
      return mapAwaitable(handler(request, call), end, fail, timing);
    } catch (error) {
      return fail(error, timing);
    }
  };
}

/** Spans of rpcs, by OpenTelemetry's semantic conventions. A call that is not sampled makes nothing. */
function tracedUnary(
  { parent, name }: DescMethod,
  handler: Unary<DescMethod>,
  tracing: Tracing,
  marksIn: MarksIn | undefined,
): Unary<DescMethod> {
  const method = `${parent.typeName}/${name}`;
  return (request, call) => {
    const isInMessage = marksIn !== undefined && call.traceparent === undefined;
    const sampled = tracing.sample(isInMessage ? marksIn(request) : call);
    if (sampled === undefined) return handler(request, call);
    const attributes = { 'rpc.method': method, 'usher.door': call.door };
    return tracing.call(sampled, { name: method, attributes }, () => {
      call.traceIds = tracing.ids();
      return handler(request, call);
    });
  };
}

/** A handler that streams, whatever its requests are. */
type Streaming = (requests: unknown, call: Call) => AsyncIterable<unknown>;

/** Spans of streams, from their begin to their end. */
function tracedStream(
  { parent, name }: DescMethod,
  handler: Streaming,
  tracing: Tracing,
): Streaming {
  const method = `${parent.typeName}/${name}`;
  async function* inSpan(requests: unknown, call: Call, sampled: Sampled) {
    const attributes = { 'rpc.method': method, 'usher.door': call.door };
    const { ids, end } = tracing.stream(sampled, { name: method, attributes });
    call.traceIds = ids;
    let failure: unknown;
    try {
      yield* handler(requests, call);
    } catch (error) {
      failure = error;
      throw error;
    } finally {
      end(failure);
    }
  }
  return (requests, call) => {
    const sampled = tracing.sample(call);
    return sampled === undefined ? handler(requests, call) : inSpan(requests, call, sampled);
  };
}

/** Calls with an id in their scope. */
function scopedUnary(
  handler: Unary<DescMethod>,
  scopes: CallScopes,
  marksIn: MarksIn | undefined,
): Unary<DescMethod> {
  return (request, call) => {
    if (!scopes.wants(call)) return handler(request, call);
    if (marksIn !== undefined) call.requestId ??= marksIn(request).requestId;
    return scopes.run(call, () => handler(request, call));
  };
}

/** Runs a request of a route in its scope and its span. */
export function traced(
  { tracing, scopes }: Pick<Observed, 'tracing' | 'scopes'>,
  marks: CallMarks,
  about: { name: string; attributes: Attributes },
  run: () => Awaitable<void>,
): Awaitable<void> {
  const inSpan = (): Awaitable<void> => {
    const sampled = tracing?.sample(marks);
    if (tracing === undefined || sampled === undefined) return run();
    return tracing.call<void>(sampled, about, () => {
      marks.traceIds = tracing.ids();
      return run();
    });
  };
  return scopes?.wants(marks) ? scopes.run(marks, inSpan) : inSpan();
}

/** Runs a function, and notes how long it took until its value is there, also when it fails. */
export function timed<T>(run: () => Awaitable<T>, door: Door, note: NoteDuration): Awaitable<T> {
  const timing = { beganMs: performance.now(), door, note };
  try {
    return mapAwaitable(run(), end<T>, fail, timing);
  } catch (error) {
    return fail(error, timing);
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
