/** Parses the values of options. All functions throw commander's InvalidArgumentError. */

import { InvalidArgumentError } from 'commander';
import type { JsonObject } from '../api/access-token.ts';
import { pathOf } from '../reading/place.ts';
import { repeatedMember } from '../reading/repeated-member.ts';

const unitSeconds: Record<string, number> = {
  ...{ s: 1, m: 60, h: 3600 },
  ...{ d: 86_400, w: 7 * 86_400, y: 365 * 86_400 },
};

/**
 * Parses a duration: a whole number with a unit, which is s, m, h, d, w (7 days) or y (365 days).
 * Returns seconds.
 */
export function durationSeconds(text: string): number {
  const [, count, unit] = /^([0-9]{1,9})([smhdwy])$/.exec(text) ?? [];
  const seconds = Number(count) * (unitSeconds[unit ?? ''] ?? Number.NaN);
  if (Number.isSafeInteger(seconds)) return seconds;
  throw new InvalidArgumentError(
    'expected a whole number with a unit (s, m, h, d, w, y), such as 90s, 15m, 30d or 1y',
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

/** Parses one of the given words, which shells complete. */
export function word<W extends string>(
  words: readonly W[],
): ((text: string) => W) & { words: readonly W[] } {
  const parse = (text: string) => {
    const found = words.find(each => each === text);
    if (found !== undefined) return found;
    throw new InvalidArgumentError(`expected one of ${words.join(', ')}`);
  };
  return Object.assign(parse, { words });
}

/** Collects the values of an option that can be given several times. */
export function several(text: string, before: string[] | undefined): string[] {
  return [...(before ?? []), text];
}

/** Parses a UUID, or at least the first four characters of one; returns it in lower case. */
export function idPrefix(text: string): string {
  return startOfUuid(text, '`usher token list`');
}

/** The same of something else than an access token: shells do not complete it. */
export function listedId(text: string): string {
  return startOfUuid(text, 'the command that lists them');
}

function startOfUuid(text: string, shownBy: string): string {
  const id = text.toLowerCase();
  const isHex = id.length <= 36 && /^[0-9a-f-]{4,}$/.test(id);
  const hasDashes = [...id].every((char, n) => (char === '-') === [8, 13, 18, 23].includes(n));
  if (isHex && hasDashes) return id;
  throw new InvalidArgumentError(
    `expected a UUID or its first characters, at least 4, as shown by ${shownBy}`,
  );
}

/** Parses an id, or text in a name: any text. Shells complete it as an id. */
export function idOrName(text: string): string {
  return text;
}

/** Parses a UUID; returns it in lower case. */
export function uuid(text: string): string {
  const shape = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i;
  if (shape.test(text)) return text.toLowerCase();
  throw new InvalidArgumentError('expected a UUID, as shown by `usher token list`');
}
