/** Usher's own spans, for OpenTelemetry's exporter: the SDK's tracer takes several times as long to make one. */

import {
  type SpanContext,
  type SpanKind,
  type SpanStatus,
  SpanStatusCode,
} from '@opentelemetry/api';
import { addHrTimes, type InstrumentationScope, millisToHrTime } from '@opentelemetry/core';
import type { Resource } from '@opentelemetry/resources';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import type { Attributes } from './tracing.ts';

/** What all spans of the process have in common. */
export interface SpanOrigin {
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
}

const none: never[] = [];
const unset: SpanStatus = { code: SpanStatusCode.UNSET };

/** A span that has begun. */
export class CallSpan implements ReadableSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parentSpanContext?: SpanContext;
  readonly resource: Resource;
  readonly instrumentationScope: InstrumentationScope;
  /** By the wall clock. That can be set while Usher runs, so the duration is measured apart. */
  readonly startTime = millisToHrTime(Date.now());
  endTime = this.startTime;
  duration = millisToHrTime(0);
  status = unset;
  attributes: Attributes;
  ended = false;
  readonly links = none;
  readonly events = none;
  readonly droppedAttributesCount = 0;
  readonly droppedEventsCount = 0;
  readonly droppedLinksCount = 0;
  readonly #context: SpanContext;
  readonly #beganMs = performance.now();

  constructor(
    origin: SpanOrigin,
    about: { name: string; kind: SpanKind; attributes: Attributes },
    context: SpanContext,
    parent: SpanContext | undefined,
  ) {
    this.name = about.name;
    this.kind = about.kind;
    this.attributes = about.attributes;
    this.#context = context;
    if (parent !== undefined) this.parentSpanContext = parent;
    this.resource = origin.resource;
    this.instrumentationScope = origin.instrumentationScope;
  }

  spanContext(): SpanContext {
    return this.#context;
  }

  /** Ends the span and adds attributes. */
  end(attributes: Attributes, status = unset): void {
    this.duration = millisToHrTime(performance.now() - this.#beganMs);
    this.endTime = addHrTimes(this.startTime, this.duration);
    this.attributes = { ...this.attributes, ...attributes };
    this.status = status;
    this.ended = true;
  }
}
