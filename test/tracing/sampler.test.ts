/** Which calls are sampled, by the standard variables. */

import { createHash } from 'node:crypto';
import { trace as otel, ROOT_CONTEXT, type SpanContext, SpanKind } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  type Sampler,
  SamplingDecision,
  TraceIdRatioBasedSampler,
} from '@opentelemetry/sdk-trace';
import { describe, expect, test } from 'vitest';
import { createSampler } from '../../src/tracing/sampler.ts';

const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
const sampledParent = `00-${trace}-${span}-01`;
const droppedParent = `00-${trace}-${span}-00`;
const ask = (sample: ReturnType<typeof createSampler>, traceparent?: string) =>
  sample({ traceparent });

describe.each([
  ['always_on', undefined, true, true, true],
  ['always_off', undefined, false, false, false],
  ['parentbased_always_on', undefined, true, false, true],
  ['parentbased_always_off', undefined, true, false, false],
  ['traceidratio', '0', false, false, false],
  ['parentbased_traceidratio', '0', true, false, false],
  [undefined, undefined, true, false, true],
])('%s %s', (name, argument, ofSampled, ofDropped, ofNone) => {
  const sample = createSampler(name, argument, () => 0.5);

  test('a parent that is sampled', () => {
    expect(ask(sample, sampledParent) !== undefined).toBe(ofSampled);
  });
  test('a parent that is not', () => {
    expect(ask(sample, droppedParent) !== undefined).toBe(ofDropped);
  });
  test('no parent', () => expect(ask(sample) !== undefined).toBe(ofNone));
});

test('a ratio samples that part of the calls', () => {
  let next = 0;
  const sample = createSampler('traceidratio', '0.25', () => (next++ % 100) / 100);
  const sampled = Array.from({ length: 1000 }, () => ask(sample)).filter(each => each);
  expect(sampled).toHaveLength(250);
});

/** Whether OpenTelemetry's own sampler samples a call. */
function theirs(sampler: Sampler, traceparent: string): boolean {
  const parent = parseTraceParent(traceparent);
  const context =
    parent === null
      ? ROOT_CONTEXT
      : otel.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
  const traceId = parent?.traceId ?? trace;
  const { decision } = sampler.shouldSample(context, traceId, 'call', SpanKind.SERVER, {}, []);
  return decision === SamplingDecision.RECORD_AND_SAMPLED;
}

describe.each(['01', '00'])('beside the sampler of OpenTelemetry, version %s', version => {
  const flags = [...'0123456789abcdefAg '].map(digit => `0${digit}`);
  const parents = [
    ...[...flags, '01-0', '00-1'].map(each => `${version}-${trace}-${span}-${each}`),
    ...[`${version}-${trace}-${'0'.repeat(16)}-00`, `${version}-${'0'.repeat(32)}-${span}-01`],
  ];

  test.each([true, false])('a trace of its own that is sampled: %s', isChosen => {
    const random = () => (isChosen ? 0 : 0.9);
    const sample = createSampler('parentbased_traceidratio', '0.5', random);
    const root = isChosen ? new AlwaysOnSampler() : new AlwaysOffSampler();
    const sampler = new ParentBasedSampler({ root });
    for (const traceparent of parents) {
      const isSampled = ask(sample, traceparent) !== undefined;
      expect([traceparent, isSampled]).toEqual([traceparent, theirs(sampler, traceparent)]);
    }
  });
});

test('services with the same ratio sample the same traces', () => {
  const sample = createSampler('traceidratio', '0.25', () => 0.9);
  const sampler = new TraceIdRatioBasedSampler(0.25);
  const parents = Array.from({ length: 64 }, (_, n) => {
    const id = createHash('md5').update(String(n)).digest('hex');
    return `00-${id}-${span}-0${n % 2}`;
  });
  const sampled = parents.filter(each => ask(sample, each) !== undefined);
  expect(sampled).toEqual(parents.filter(each => theirs(sampler, each)));
  expect(sampled.length).toBeGreaterThan(0);
});

test('the parent and its state go on', () => {
  const sample = createSampler(undefined, undefined, Math.random);
  const { parent } = sample({ traceparent: sampledParent, tracestate: 'a=1,b=2' }) ?? {};
  expect(parent).toMatchObject({ traceId: trace, spanId: span, traceFlags: 1, isRemote: true });
  expect((parent as SpanContext | undefined)?.traceState?.serialize()).toBe('a=1,b=2');
});

test.each([
  '',
  'x',
  `00-${trace}-${span}`,
  `ff-${trace}-${span}-01`,
  `00-${'0'.repeat(32)}-${span}-01`,
  `00-${trace}-${'0'.repeat(16)}-01`,
  `00-${trace}-${span}-01-more`,
])('a malformed parent %j is none', traceparent => {
  const sample = createSampler(undefined, undefined, () => 0);
  expect(ask(sample, traceparent)).toEqual({ parent: undefined });
});

test.each([
  ['sometimes', undefined, /OTEL_TRACES_SAMPLER is sometimes; use one of always_on,/],
  ['traceidratio', '2', /OTEL_TRACES_SAMPLER_ARG is 2; use a number from 0 to 1/],
  ['traceidratio', 'half', /OTEL_TRACES_SAMPLER_ARG is half/],
])('%s %s is refused', (name, argument, text) => {
  expect(() => createSampler(name, argument, Math.random)).toThrow(text);
});
