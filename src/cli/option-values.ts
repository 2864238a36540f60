/** Parses the values of options. All functions throw commander's InvalidArgumentError. */

import { InvalidArgumentError } from 'commander';
import type { JsonObject } from '../api/access-token.ts';
import { pathOf } from '../reading/place.ts';
import { repeatedMember } from '../reading/repeated-member.ts';

const unitSeconds: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** Parses a duration such as 90s, 15m, 1h or 30d; returns seconds. */
export function durationSeconds(text: string): number {
  const [, count, unit] = /^([0-9]{1,9})([smhd])$/.exec(text) ?? [];
  const seconds = Number(count) * (unitSeconds[unit ?? ''] ?? Number.NaN);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new InvalidArgumentError(
    'expected a whole number with a unit, such as 90s, 15m, 1h or 30d',
  );
}

/** A duration as `durationSeconds` parses it, in the largest unit that leaves no fraction. */
export function durationText(seconds: number): string {
  const [unit = 's', size = 1] =
    Object.entries(unitSeconds).findLast(([, each]) => seconds % each === 0) ?? [];
  return `${seconds / size}${unit}`;
}

/** Parses how long a call may take: a duration, or a number of seconds. */
export function timeoutSeconds(text: string): number {
  return /^[0-9]{1,9}$/.test(text) ? Number(text) : durationSeconds(text);
}

/** Parses an RFC 3339 time. */
export function time(text: string): Date {
  const shape = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$/;
  const date = new Date(shape.test(text) ? text : Number.NaN);
  if (!Number.isNaN(date.getTime())) return date;
  throw new InvalidArgumentError('expected a time such as 2026-02-22T03:54:51Z (RFC 3339)');
}

/** Parses a whole number of at least `min`. */
export function count(min: number): (text: string) => number {
  return text => {
    const value = /^[0-9]{1,16}$/.test(text) ? Number(text) : Number.NaN;
    if (Number.isSafeInteger(value) && value >= min) return value;
    throw new InvalidArgumentError(`expected a whole number of at least ${min}`);
  };
}

/** Parses a JSON object, in which no member is given twice. */
export function jsonObject(text: string): JsonObject {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    value = undefined;
  }
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const repeated = repeatedMember(text);
    if (repeated === undefined) return value as JsonObject;
    throw new InvalidArgumentError(`${pathOf(repeated)} is given twice`);
  }
  throw new InvalidArgumentError('expected a JSON object such as \'{"team":"payments"}\'');
}

/** Parses one of the given words. */
export function word<W extends string>(words: readonly W[]): (text: string) => W {
  return text => {
    const found = words.find(each => each === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`expected one of ${words.join(', ')}`);
  };
}

/** Collects the values of an option that can be given several times. */
export function several(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** Parses a UUID; returns it in lower case. */
export function uuid(text: string): string {
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
  if (shape.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('expected a UUID, as shown by `usher token list`');
}
