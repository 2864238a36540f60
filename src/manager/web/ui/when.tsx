/** Times for people: relative to now, and exact on hover and for assistive technology. */

import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Tooltip } from '@mantine/core';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'long' });
const utc = new Intl.DateTimeFormat('en', {
  ...{ dateStyle: 'medium', timeStyle: 'medium', timeZone: 'UTC' },
});
const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** A time relative to now, with its exact time on hover; the text `none` if there is no time. */
export function When({ time, none = 'never' }: { time: Timestamp | undefined; none?: string }) {
  if (!time) return <>{none}</>;
  const date = timestampDate(time);
  return (
    <Tooltip label={sayInUtc(date)} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={date.toISOString()}>{sayRelative(date.getTime(), Date.now())}</time>
    </Tooltip>
  );
}

/** The exact time in the reader's zone, with UTC on hover. */
export function Exactly({ date }: { date: Date }) {
  return (
    <Tooltip label={`${utc.format(date)} UTC`} events={{ hover: true, focus: true, touch: true }}>
      <time dateTime={date.toISOString()}>{sayExactDate(date)}</time>
    </Tooltip>
  );
}

/** The exact time in the reader's zone, to the second, with the name of the zone. */
export function sayExact(time: Timestamp): string {
  return sayExactDate(timestampDate(time));
}

/** The same for a Date. */
export function sayExactDate(date: Date): string {
  return exact.format(date);
}

/** The reader's zone, such as "Europe/Berlin". */
export function sayZone(): string {
  return exact.resolvedOptions().timeZone;
}

/** In the reader's zone and in UTC. */
function sayInUtc(date: Date): string {
  return `${exact.format(date)} (${utc.format(date)} UTC)`;
}

/** `timeMs` relative to `nowMs`: "3 minutes ago", "in 2 days", "just now". */
function sayRelative(timeMs: number, nowMs: number): string {
  const seconds = Math.round((timeMs - nowMs) / 1000);
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 45 ? (seconds > 0 ? 'in a moment' : 'just now') : 'a minute ago';
}
