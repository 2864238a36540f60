/**
 * Which calls are sampled, by OTEL_TRACES_SAMPLER. It is decided before anything is made for a call, so that
 * one that is not sampled costs little.
 */

import { isSpanContextValid, ROOT_CONTEXT, type SpanContext, TraceFlags } from '@opentelemetry/api';
import { parseTraceParent, TraceState } from '@opentelemetry/core';
import { SamplingDecision, TraceIdRatioBasedSampler } from '@opentelemetry/sdk-trace';
import type { Sampled, TraceHeaders } from './tracing.ts';

/** A call that is sampled: the span that it continues, or a trace of its own. */
interface SampledSpan extends Sampled {
  readonly parent: SpanContext | undefined;
}

/** Decides by the headers of a call; undefined when it is not sampled. */
export type Sample = (headers: TraceHeaders) => SampledSpan | undefined;

const root: SampledSpan = { parent: undefined };

/** A parent of the present version, whose flags say that it is not sampled. */
const droppedForm = /^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-[\da-f][02468ace]$/;

/** The length of a parent of the present version. */
const formLength = 55;
const letterA = 0x61;

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
  // By the id of its trace, so that services with the same ratio sample the same traces.
  const ofTraces = new TraceIdRatioBasedSampler(ratio);
  const isOfSample = ({ traceFlags, traceId }: SpanContext) =>
    isParentBased
      ? (traceFlags & TraceFlags.SAMPLED) !== 0
      : ofTraces.shouldSample(ROOT_CONTEXT, traceId).decision !== SamplingDecision.NOT_RECORD;
  return headers => {
    const { traceparent } = headers;
    const isChosen = random() < ratio;
    if (traceparent === undefined) return isChosen ? root : undefined;
    // Most calls of a mesh end here. Their header need not be parsed: whether it names an unsampled parent or is
    // malformed, which starts a new trace, the call is not sampled.
    if (isParentBased && !isChosen && !mayBeSampled(traceparent)) return undefined;
    if (isParentBased && droppedForm.test(traceparent)) return undefined;
    const parent = parentOf(traceparent, headers.tracestate);
    if (parent === undefined) return isChosen ? root : undefined;
    return isOfSample(parent) ? { parent } : undefined;
  };
}

/** False for a parent of the present version whose last digit says that it is not sampled. */
function mayBeSampled(traceparent: string): boolean {
  if (traceparent.length !== formLength) return true;
  const code = traceparent.charCodeAt(formLength - 1);
  // In ASCII, the odd ones of 0 to 9 have odd codes, and those of a to f even ones.
  return (code & 1) === (code < letterA ? 1 : 0);
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
