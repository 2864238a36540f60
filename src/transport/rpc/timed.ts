/** Times the calls of handlers and routes, in one place for all protocols. */

import type { DescMethod } from '@bufbuild/protobuf';
import { type Awaitable, mapAwaitable } from '../../store/awaitable.ts';
import type { Door } from './call.ts';
import type { Binding, Unary } from './handlers.ts';

/** Notes how long a call took, in milliseconds. */
export type NoteDuration = (ms: number, door: Door) => void;

/** Where durations are noted. */
export interface CallDurations {
  /** The function that notes those of one method, such as "Verify". */
  of(method: string): NoteDuration;
}

/** Bindings whose unary calls are timed; a stream lasts as long as its caller wants. */
export function timedBindings(bindings: readonly Binding[], durations: CallDurations): Binding[] {
  return bindings.map(({ service, handlers }) => {
    const timed: Record<string, unknown> = { ...handlers };
    for (const method of service.methods) {
      const handler = handlers[method.localName];
      if (method.methodKind !== 'unary') continue;
      timed[method.localName] = timedUnary(handler as Unary<DescMethod>, durations.of(method.name));
    }
    return { service, handlers: timed };
  });
}

function timedUnary(handler: Unary<DescMethod>, note: NoteDuration): Unary<DescMethod> {
  return (request, call) => timed(() => handler(request, call), call.door, note);
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
