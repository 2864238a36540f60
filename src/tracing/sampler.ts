/**
 * Which calls are sampled, by OTEL_TRACES_SAMPLER. It is decided before anything is made for a call, so that
 * one that is not sampled costs little.
 */

import { isSpanContextValid, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import type { TracedCall } from './tracing.ts';

/** A call that is sampled: the span that it continues, or a trace of its own. */
type Sampled = { parent: SpanContext | undefined };

/** Decides; undefined when the call is not sampled. */
export type Sample = (call: Pick<TracedCall, 'traceparent' | 'tracestate'>) => Sampled | undefined;

const samplers = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

/**
 * The sampler of the standard variables; `random` is Math.random. Throws Error with what is wrong and what
 * to do.
 */
export function createSampler(
  name = 'parentbased_always_on',
  argument: string | undefined,
  random: () => number,
): Sample {
  if (!samplers.includes(name as (typeof samplers)[number])) {
    throw new Error(`OTEL_TRACES_SAMPLER is ${name}; use one of ${samplers.join(', ')}`);
  }
  const ratio = ratioOf(name, argument);
  const isParentBased = name.startsWith('parentbased_');
  return ({ traceparent, tracestate }) => {
    const parent = traceparent === undefined ? undefined : parentOf(traceparent, tracestate);
    if (isParentBased && parent !== undefined) {
      return (parent.traceFlags & TraceFlags.SAMPLED) === 0 ? undefined : { parent };
    }
    return random() < ratio ? { parent } : undefined;
  };
}

function ratioOf(name: string, argument: string | undefined): number {
  if (name.endsWith('always_on')) return 1;
  if (name.endsWith('always_off')) return 0;
  if (argument === undefined || argument === '') return 1;
  const ratio = Number(argument);
  if (ratio >= 0 && ratio <= 1) return ratio;
  throw new Error(`OTEL_TRACES_SAMPLER_ARG is ${argument}; use a number from 0 to 1`);
}

/** The span that a header names; undefined for a header that is malformed, which starts a new trace. */
function parentOf(traceparent: string, tracestate: string | undefined): SpanContext | undefined {
  const parsed = parseTraceParent(traceparent);
  if (parsed === null || !isSpanContextValid(parsed)) return undefined;
  return {
    ...parsed,
    isRemote: true,
    ...(tracestate === undefined ? {} : { traceState: new TraceState(tracestate) }),
  };
}
