/** Which calls are sampled, by the standard variables. */

import { trace as otel, ROOT_CONTEXT, type SpanContext, SpanKind } from '@opentelemetry/api';
import { parseTraceParent } from '@opentelemetry/core';
import {
  AlwaysOffSampler,
  AlwaysOnSampler,
  ParentBasedSampler,
  SamplingDecision,
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

describe.each(['01', '00'])('beside the sampler of OpenTelemetry, version %s', version => {
  const flags = [...'0123456789abcdefAg '].map(digit => `0${digit}`);
  const broken = [`00-${trace}-${'0'.repeat(16)}-00`, `00-${'0'.repeat(32)}-${span}-01`];
  const ended = flags.map(each => `${version}-${trace}-${span}-${each}`);
  const longer = [`${version}-${trace}-${span}-01-0`, `${version}-${trace}-${span}-00-1`];

  test.each([true, false])('a trace of its own that is sampled: %s', isChosen => {
    const sample = createSampler('parentbased_traceidratio', '0.5', () => (isChosen ? 0 : 0.9));
    const root = isChosen ? new AlwaysOnSampler() : new AlwaysOffSampler();
    const theirs = new ParentBasedSampler({ root });
    for (const traceparent of [...ended, ...longer, ...broken]) {
      const parent = parseTraceParent(traceparent);
      const context =
        parent === null
          ? ROOT_CONTEXT
          : otel.setSpanContext(ROOT_CONTEXT, { ...parent, isRemote: true });
      const { decision } = theirs.shouldSample(context, trace, 'call', SpanKind.SERVER, {}, []);
      const isSampled = decision === SamplingDecision.RECORD_AND_SAMPLED;
      expect([traceparent, ask(sample, traceparent) !== undefined]).toEqual([
        traceparent,
        isSampled,
      ]);
    }
  });
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
