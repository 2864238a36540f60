/** Times for people: relative to now, and exact on hover and for assistive technology. */

import type { Timestamp } from '@bufbuild/protobuf/wkt';
import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Tooltip } from '@mantine/core';

const relative = new Intl.RelativeTimeFormat('en', { numeric: 'auto' });
const exact = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'medium' });
const units: [Intl.RelativeTimeFormatUnit, number][] = [
  ['year', 365 * 86_400],
  ['month', 30 * 86_400],
  ['day', 86_400],
  ['hour', 3_600],
  ['minute', 60],
];

/** A time relative to now; the text `none` if there is no time. */
export function When({ time, none = 'never' }: { time: Timestamp | undefined; none?: string }) {
  if (!time) return <>{none}</>;
  const date = timestampDate(time);
  return (
    <Tooltip label={exact.format(date)}>
      <time dateTime={date.toISOString()}>{sayRelative(date.getTime(), Date.now())}</time>
    </Tooltip>
  );
}

/** The exact local time, to the second. */
export function sayExact(time: Timestamp): string {
  return exact.format(timestampDate(time));
}

/** `timeMs` relative to `nowMs`: "3 minutes ago", "in 2 days", "just now". */
function sayRelative(timeMs: number, nowMs: number): string {
  const seconds = Math.round((timeMs - nowMs) / 1000);
  for (const [unit, size] of units) {
    if (Math.abs(seconds) >= size) return relative.format(Math.trunc(seconds / size), unit);
  }
  return Math.abs(seconds) < 45 ? (seconds > 0 ? 'in a moment' : 'just now') : 'a minute ago';
}
