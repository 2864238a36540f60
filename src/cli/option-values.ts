/** Reads the values of options: durations, times, numbers and JSON. Throws InvalidArgumentError. */

import { InvalidArgumentError } from 'commander';
import type { JsonObject } from '../api/access-token.ts';

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** A duration such as 90s, 15m, 1h or 30d, in seconds. */
export function durationSeconds(text: string): number {
  const [, count, unit] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (unitSeconds[unit ?? ''] ?? Number.NaN);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new InvalidArgumentError('a duration is a whole number with a unit: 90s, 15m, 1h or 30d');
}

/** A time in RFC 3339. */
export function time(text: string): Date {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  const date = new Date(shape.test(text) ? text : Number.NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('a time is written as in 2026-02-22T03:54:51Z (RFC 3339)');
}

/** A whole number of at least `min`. */
export function count(min: number): (text: string) => number {
  return text => {
    const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`a number here is whole and at least ${min}`);
  };
}

/** A JSON object. */
export function jsonObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as JsonObject;
  }
  throw new InvalidArgumentError('JSON here is an object, as in \'{"team":"payments"}\'');
}

/** One of some words. */
export function word<W extends string>(words: readonly W[]): (text: string) => W {
  return text => {
    const found = words.find(each => each === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`it is one of ${words.join(', ')}`);
  };
}

/** An option that can be given several times. */
export function several(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** A UUID. */
export function uuid(text: string): string {
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
  if (shape.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('an id is a UUID, as `usher token list` shows it');
}
