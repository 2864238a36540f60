/** The active span of the real OpenTelemetry API, as the SDK passes it on. */

import { AsyncLocalStorage } from 'node:async_hooks';
import {
  type Context,
  context,
  propagation,
  ROOT_CONTEXT,
  type SpanContext,
  trace,
} from '@opentelemetry/api';
import { W3CTraceContextPropagator } from '@opentelemetry/core';
import { afterEach, expect, test } from 'vitest';
import { activeSpan, traceHeaders } from '../../src/client/trace-context.ts';

const [traceId, spanId] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
const sampled = `00-${traceId}-${spanId}-01`;

afterEach(() => {
  context.disable();
  propagation.disable();
});

/** What an application does that traces its requests. */
function setUp() {
  const storage = new AsyncLocalStorage<Context>();
  context.setGlobalContextManager({
    active: () => storage.getStore() ?? ROOT_CONTEXT,
    with: (active, run, self, ...args) => storage.run(active, () => run.apply(self, args)),
    bind: (_, target) => target,
    enable() {
      return this;
    },
    disable() {
      return this;
    },
  });
  propagation.setGlobalPropagator(new W3CTraceContextPropagator());
}
const within = <T>(span: Partial<SpanContext>, run: () => T): T => {
  const whole = { traceId, spanId, traceFlags: 1, ...span };
  return context.with(trace.setSpanContext(ROOT_CONTEXT, whole), run);
};

test('the active span, of an application that has set OpenTelemetry up', () => {
  setUp();
  expect(activeSpan()).toBeUndefined();
  expect(within({}, activeSpan)).toEqual({ traceparent: sampled, tracestate: undefined });
  expect(within({ traceFlags: 0 }, activeSpan)?.traceparent).toMatch(/-00$/);
});

test('without it there is none', () => {
  expect(within({}, activeSpan)).toBeUndefined();
});

test('a propagator that throws does not end the verification', () => {
  setUp();
  propagation.disable();
  const fail = () => {
    throw new Error('broken');
  };
  propagation.setGlobalPropagator({ inject: fail, extract: fail, fields: () => [] });
  expect(within({}, activeSpan)).toBeUndefined();
});

test('both headers are passed on', () => {
  const headers = traceHeaders({ traceparent: sampled, tracestate: 'a=1,b=2' });
  expect([...(headers ?? [])]).toEqual([
    ['traceparent', sampled],
    ['tracestate', 'a=1,b=2'],
  ]);
});

test.each([
  undefined,
  { traceparent: sampled.replace(/01$/, '00') },
  { traceparent: 'x' },
  { traceparent: `${sampled}\r\nx: y` },
])('%j is not', context => expect(traceHeaders(context)).toBeUndefined());

test('a state that is none is left out', () => {
  for (const tracestate of ['', 'é', 'a\nb', 'x'.repeat(513)]) {
    const headers = traceHeaders({ traceparent: sampled, tracestate });
    expect([...(headers ?? [])]).toEqual([['traceparent', sampled]]);
  }
});
