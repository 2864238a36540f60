/** What the fields of an access token hold, what may be in them, and how the API takes it. */

import type { JsonObject } from '@bufbuild/protobuf';
import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';

/** The fields as typed. */
export interface TokenForm {
  name: string;
  owner: string;
  scopes: string[];
  audiences: string[];
  lifetimeSeconds: number | undefined;
  /** "never", a number of days, or "at". */
  expiry: string;
  /** Local time as a datetime-local field has it. */
  expireAt: string;
  metadata: string;
}

/** An empty form. */
export const emptyForm: TokenForm = {
  name: '',
  owner: '',
  scopes: [],
  audiences: [],
  lifetimeSeconds: undefined,
  expiry: 'never',
  expireAt: '',
  metadata: '',
};

/** The form of an access token there is. */
export function formOf(token: AccessToken): TokenForm {
  const { metadata, expireTime, jwtLifetimeMax } = token;
  return {
    name: token.name,
    owner: token.owner,
    scopes: token.scopes,
    audiences: token.audiences,
    lifetimeSeconds: jwtLifetimeMax && Number(jwtLifetimeMax.seconds),
    expiry: expireTime ? 'at' : 'never',
    expireAt: expireTime ? localTime(timestampDate(expireTime)) : '',
    metadata: metadata && Object.keys(metadata).length > 0 ? JSON.stringify(metadata, null, 2) : '',
  };
}

/** What is wrong with each field. */
export const validate = {
  name: (name: string) => (name.trim() === '' ? 'Give it a name.' : null),
  scopes: (scopes: string[]) => {
    const bad = scopes.find(scope => !/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(scope));
    return bad === undefined ? null : `"${bad}" is not a scope: no spaces, quotes or backslashes.`;
  },
  expireAt: (expireAt: string, form: TokenForm) =>
    form.expiry !== 'at' || new Date(expireAt).getTime() > Date.now()
      ? null
      : 'Choose a time in the future.',
  metadata: (metadata: string) => (readObject(metadata) ? null : 'This is not a JSON object.'),
};

/** The fields as the API takes them; an expiry left as it was keeps its seconds. */
export function fieldsOf(form: TokenForm, token?: AccessToken) {
  const expireTime = expiryOf(form, token);
  return {
    name: form.name.trim(),
    owner: form.owner.trim(),
    scopes: form.scopes,
    audiences: form.audiences,
    ...(form.lifetimeSeconds && { jwtLifetimeMax: { seconds: BigInt(form.lifetimeSeconds) } }),
    ...(form.metadata.trim() !== '' && { metadata: readObject(form.metadata) ?? {} }),
    ...(expireTime && { expireTime }),
  };
}

function expiryOf(form: TokenForm, token: AccessToken | undefined) {
  if (form.expiry === 'never') return undefined;
  if (form.expiry !== 'at') {
    // To the minute, so that a form sent again means the same change.
    const minuteMs = 60_000;
    const nowMs = Math.ceil(Date.now() / minuteMs) * minuteMs;
    return timestampFromDate(new Date(nowMs + Number(form.expiry) * 86_400_000));
  }
  if (token?.expireTime && localTime(timestampDate(token.expireTime)) === form.expireAt) {
    return token.expireTime;
  }
  return timestampFromDate(new Date(form.expireAt));
}

/** The JSON object in a text, an empty one in none; undefined for anything else. */
export function readObject(text: string): JsonObject | undefined {
  if (text.trim() === '') return {};
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? (value as JsonObject) : undefined;
  } catch {
    return undefined;
  }
}

/** A time as a datetime-local field has it. */
export function localTime(date: Date, to: 'minute' | 'second' = 'minute'): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, to === 'minute' ? 16 : 19);
}

/** Leads to the first field that is wrong. */
export function focusFirst(form: { getInputNode(path: string): HTMLElement | null }) {
  return (errors: Record<string, unknown>) => {
    const [path] = Object.keys(errors);
    if (path !== undefined) form.getInputNode(path)?.focus();
  };
}
