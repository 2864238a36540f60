/** Which calls are sampled, by the standard variables. */

import type { SpanContext } from '@opentelemetry/api';
import { describe, expect, test } from 'vitest';
import { createSampler } from '../../src/tracing/sampler.ts';

const [trace, span] = ['4bf92f3577b34da6a3ce929d0e0e4736', '00f067aa0ba902b7'];
const sampledParent = `00-${trace}-${span}-01`;
const droppedParent = `00-${trace}-${span}-00`;
const ask = (sample: ReturnType<typeof createSampler>, traceparent?: string) =>
  sample(traceparent, undefined);

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

test('the parent and its state go on', () => {
  const sample = createSampler(undefined, undefined, Math.random);
  const { parent } = sample(sampledParent, 'a=1,b=2') ?? {};
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
