/**
 * Converts Protobuf times, durations and 64-bit numbers to JavaScript numbers and back. Functions
 * with a `field` throw INVALID_ARGUMENT, naming it, for a value out of range.
 */

import { create } from '@bufbuild/protobuf';
import type { Duration, Timestamp } from '@bufbuild/protobuf/wkt';
import { DurationSchema, TimestampSchema } from '@bufbuild/protobuf/wkt';
import { invalid } from '../../tokens/fields.ts';

/** The range of a Timestamp: 0001-01-01T00:00:00Z to 9999-12-31T23:59:59Z. */
const timestampSecondsMin = -62_135_596_800n;
const timestampSecondsMax = 253_402_300_799n;

/** A Timestamp as milliseconds since 1970, rounded down. */
export function millisecondsOf(time: Timestamp, field: string): number {
  const { seconds, nanos } = time;
  if (seconds < timestampSecondsMin || seconds > timestampSecondsMax) {
    throw invalid(field, 'is outside the years 1 to 9999');
  }
  if (nanos < 0 || nanos > 999_999_999) {
    throw invalid(field, 'has nanos outside 0 to 999999999');
  }
  return Number(seconds) * 1000 + Math.floor(nanos / 1e6);
}

/** Milliseconds since 1970 as a Timestamp. */
export function timestampOf(ms: number): Timestamp {
  const seconds = Math.floor(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1e6);
  return create(TimestampSchema, { seconds: BigInt(seconds), nanos });
}

/** A Duration as milliseconds, rounded down; it must not be negative. */
export function durationMsOf({ seconds, nanos }: Duration, field: string): number {
  if (nanos < 0 || nanos > 999_999_999) {
    throw invalid(field, 'has nanos outside 0 to 999999999');
  }
  return safeInteger(seconds * 1000n, field) + Math.floor(nanos / 1e6);
}

/** A Duration as seconds; it must be whole seconds and not negative. */
export function wholeSeconds(duration: Duration, field: string): number {
  if (duration.nanos !== 0) throw invalid(field, 'must be whole seconds');
  return safeInteger(duration.seconds, field);
}

/** Milliseconds as a Duration; in a negative one both seconds and nanos are negative. */
export function durationOfMs(ms: number): Duration {
  const seconds = Math.trunc(ms / 1000);
  const nanos = Math.round((ms - seconds * 1000) * 1e6);
  return create(DurationSchema, { seconds: BigInt(seconds), nanos });
}

/** A 64-bit integer as a number; it must be from 0 to 2^53 - 1. */
export function safeInteger(value: bigint, field: string): number {
  if (value < 0n) throw invalid(field, 'must not be negative');
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) {
    throw invalid(field, 'must be below 2^53');
  }
  return Number(value);
}
