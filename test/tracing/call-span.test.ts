/** Spans beside those of OpenTelemetry's own tracer. */

import { trace as otel, ROOT_CONTEXT, SpanKind, SpanStatusCode } from '@opentelemetry/api';
import { ExportResultCode, TraceState } from '@opentelemetry/core';
import { type ReadableSpan, type SpanExporter, TracerProvider } from '@opentelemetry/sdk-trace';
import { afterEach, expect, test, vi } from 'vitest';
import { openTracing } from '../../src/tracing/open-telemetry.ts';

const parent = {
  ...{ traceId: '4bf92f3577b34da6a3ce929d0e0e4736', spanId: '00f067aa0ba902b7', traceFlags: 1 },
  ...{ isRemote: true, traceState: new TraceState('a=1') },
};
const about = { name: 'Verify', attributes: { 'usher.door': 'grpc' } };

afterEach(() => vi.useRealTimers());

/** What is exported of a call in which something happens. */
async function exported(run: () => number): Promise<ReadableSpan[]> {
  const spans: ReadableSpan[] = [];
  const exporter: SpanExporter = {
    export(all, onResult) {
      spans.push(...all);
      onResult({ code: ExportResultCode.SUCCESS });
    },
    shutdown: async () => undefined,
  };
  const tracing = openTracing({ env: {}, version: '1', onFailure: () => undefined, exporter });
  const step = () => tracing.step('verify', run, () => ({ 'usher.reason': 'NONE' }));
  try {
    await tracing.call({ parent }, about, step);
  } catch {}
  await tracing.close();
  return spans;
}

/** What an exporter reads of a span, without ids and times of its own. */
function read(span: ReadableSpan) {
  const { name, kind, attributes, status, links, events, ended, parentSpanContext } = span;
  const { traceId, traceFlags, traceState } = span.spanContext();
  const dropped = [span.droppedAttributesCount, span.droppedEventsCount, span.droppedLinksCount];
  return {
    ...{ name, kind, attributes, status, links, events, ended, dropped },
    ...{ parentSpanContext, traceId, traceFlags, state: traceState?.serialize() },
  };
}

test.each([
  ['ends well', () => 1, { code: SpanStatusCode.UNSET }],
  [
    'fails',
    () => {
      throw new TypeError('a text');
    },
    { code: SpanStatusCode.ERROR, message: 'TypeError' },
  ],
])('a call that %s has the span that OpenTelemetry would make', async (_, run, status) => {
  const [, span] = await exported(run);
  const theirs = new TracerProvider()
    .getTracer('usher')
    .startSpan(
      about.name,
      { kind: SpanKind.SERVER, attributes: about.attributes },
      otel.setSpanContext(ROOT_CONTEXT, parent),
    );
  if (status.code === SpanStatusCode.ERROR) theirs.setAttribute('error.type', 'TypeError');
  theirs.setStatus(status).end();
  expect(read(span as ReadableSpan)).toEqual(read(theirs as unknown as ReadableSpan));
});

test('a step is below its call', async () => {
  const [step, call] = await exported(() => 1);
  expect(step?.parentSpanContext).toEqual(call?.spanContext());
  expect(step?.attributes).toEqual({ 'usher.reason': 'NONE' });
  expect(step?.spanContext().traceState?.serialize()).toBe('a=1');
});

test('a span begins by the wall clock, and its duration is right when that is set back', async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: 2_000_000_000_500 });
  const [, call] = await exported(() => {
    vi.setSystemTime(1_000_000_000_000);
    return 1;
  });
  expect(call?.startTime).toEqual([2_000_000_000, 500_000_000]);
  const [endSeconds = 0, endNanos = 0] = call?.endTime ?? [];
  const [seconds = -1, nanos = -1] = call?.duration ?? [];
  expect(seconds * 1e9 + nanos).toBeGreaterThanOrEqual(0);
  expect((endSeconds - 2_000_000_000) * 1e9 + endNanos - 500_000_000).toBe(seconds * 1e9 + nanos);
});
