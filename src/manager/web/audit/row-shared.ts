/** What the rows of the audit log share: names, times in words, and the filter by an actor. */

/** What all rows of a list share. */
export interface RowShared {
  /** The present names of actors and access tokens, by id. */
  names: Readonly<Record<string, string>>;
  /** Shows only what an actor did; absent where the list cannot be filtered. */
  onActor?: (actor: string) => void;
}

const dateOnly = new Intl.DateTimeFormat('en', { dateStyle: 'long' });
const dateAndTime = new Intl.DateTimeFormat('en', { dateStyle: 'medium', timeStyle: 'short' });

/** A time of an event for the reader: a day where the time of day is midnight. */
export function sayTime(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  const isMidnight = date.getHours() === 0 && date.getMinutes() === 0;
  return (isMidnight ? dateOnly : dateAndTime).format(date);
}
