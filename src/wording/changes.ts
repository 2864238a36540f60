/** Tells how fields of an access token changed: "expiry 2 March 2027 → never". */

/** A JSON object, as in AuditEvent.before and .after. */
export type Fields = Readonly<Record<string, unknown>>;

/** A changed field. */
export interface FieldChange {
  /** The field for people, such as "expiry". */
  field: string;
  /** The change, such as "2 March 2027 → never", or "+ a:write − a:read" for a list. */
  words: string;
}

/** Says a time, given in milliseconds since 1970. */
export type SayTime = (ms: number) => string;

interface Field {
  label: string;
  say(value: unknown, sayTime: SayTime): string;
  /** What the absence of the field means. */
  none: string;
  /** Whether it is a list, of which only what was added and removed is shown. */
  isList?: true;
}

const text = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(value);
const time = (value: unknown, sayTime: SayTime): string =>
  typeof value === 'number' ? sayTime(value) : text(value);
const list = (label: string, none: string): Field => ({ label, say: text, none, isList: true });

/** The fields that people set, in the order in which their changes are shown. */
const fields: Readonly<Record<string, Field>> = {
  name: { label: 'name', say: text, none: 'none' },
  owner: { label: 'owner', say: text, none: 'none' },
  scopes: list('scopes', 'none'),
  grantableScopes: list('grantable scopes', 'its own'),
  expiresAt: { label: 'expiry', say: time, none: 'never' },
  rateLimit: { label: 'rate limit', say: sayRateLimit, none: 'none' },
  quota: { label: 'quota', say: sayQuota, none: 'none' },
  audiences: list('audiences', 'any'),
  allowedSources: list('allowed addresses', 'any'),
  jwtLifetimeMaxSeconds: {
    label: 'longest JWT lifetime',
    say: value => (typeof value === 'number' ? sayDuration(value) : text(value)),
    none: 'none',
  },
  metadata: { label: 'metadata', say: text, none: 'none' },
  role: { label: 'role', say: text, none: 'none' },
  roles: list('roles', 'none'),
  owners: list('owners', 'all'),
  email: { label: 'email', say: text, none: 'none' },
  disabled: { label: 'disabled', say: value => (value === true ? 'yes' : text(value)), none: 'no' },
  url: { label: 'address', say: text, none: 'none' },
  events: list('events', 'none'),
};

/** The changed fields that people set, in words. */
export function changesOf(
  before: Fields | undefined,
  after: Fields | undefined,
  sayTime: SayTime,
): FieldChange[] {
  return Object.entries(fields).flatMap(([name, field]) => {
    const [was, is] = [before?.[name], after?.[name]];
    if (JSON.stringify(was) === JSON.stringify(is)) return [];
    return [{ field: field.label, words: wordsOf(field, was, is, sayTime) }];
  });
}

/** The fields of something new, in words: "owner ann". */
export function fieldsOf(after: Fields | undefined, sayTime: SayTime): FieldChange[] {
  return Object.entries(fields).flatMap(([name, { label, say }]) => {
    const value = after?.[name];
    if (value === undefined || name === 'name' || isEmpty(value)) return [];
    const words = isTexts(value) ? value.join(' ') : say(value, sayTime);
    return [{ field: label, words }];
  });
}

function wordsOf(field: Field, was: unknown, is: unknown, sayTime: SayTime): string {
  const say = (value: unknown) =>
    value === undefined || value === '' || isEmpty(value)
      ? field.none
      : isTexts(value)
        ? value.join(' ')
        : field.say(value, sayTime);
  const [old, now] = [was ?? [], is ?? []];
  if (field.isList && isTexts(old) && isTexts(now) && old.length > 0 && now.length > 0) {
    const added = now.filter(each => !old.includes(each)).map(each => `+ ${each}`);
    const removed = old.filter(each => !now.includes(each)).map(each => `− ${each}`);
    return [...added, ...removed].join(' ') || 'in another order';
  }
  return `${say(was)} → ${say(is)}`;
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every(each => typeof each === 'string');
}

function isEmpty(value: unknown): boolean {
  return Array.isArray(value) && value.length === 0;
}

function sayRateLimit(value: unknown): string {
  const { requests, windowSeconds, per } = (value ?? {}) as Fields;
  if (typeof requests !== 'number' || typeof windowSeconds !== 'number') return text(value);
  return `${requests} ${every(windowSeconds)}${perSubject(per)}`;
}

function sayQuota(value: unknown): string {
  const { requests, period, per } = (value ?? {}) as Fields;
  if (typeof requests !== 'number' || typeof period !== 'string') return text(value);
  return `${requests} a ${period}${perSubject(per)}`;
}

const perSubject = (per: unknown) => (per === 'subject' ? ' for each subject' : '');

const units: [string, number][] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** The largest unit that leaves no fraction, and how many of it. */
function inUnits(seconds: number): [count: number, unit: string] {
  const [unit, size] = units.find(([, each]) => seconds % each === 0) ?? ['second', 1];
  return [seconds / size, unit];
}

function every(seconds: number): string {
  const [count, unit] = inUnits(seconds);
  if (count === 1) return unit === 'hour' ? 'an hour' : `a ${unit}`;
  return `in ${count} ${unit}s`;
}

function sayDuration(seconds: number): string {
  const [count, unit] = inUnits(seconds);
  return `${count} ${unit}${count === 1 ? '' : 's'}`;
}
