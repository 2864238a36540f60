/** The form of an access token: its values, their validation, and their conversion for the API. */

import type { JsonObject } from '@bufbuild/protobuf';
import { timestampDate, timestampFromDate } from '@bufbuild/protobuf/wkt';
import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';
import { type LimitForm, limitFields, limitsOf, noLimits, validateLimits } from './limit-form.ts';

/** The values as the user typed them. */
export interface TokenForm extends LimitForm {
  /** Must not be empty. */
  name: string;
  /** "" for none. */
  owner: string;
  /** What the access token may do. */
  scopes: string[];
  /** For kind static: the scopes that it may give to others; empty for its own. */
  grantableScopes: string[];
  /** For kind jwt: the audiences that JWTs may name; empty for any. */
  audiences: string[];
  /** For kind jwt: longest lifetime of a JWT, in seconds; undefined for no limit. */
  lifetimeSeconds: number | undefined;
  /** "never", a number of days, or "at" for the time in `expireAt`. */
  expiry: string;
  /** Local time in the format of a datetime-local input. */
  expireAt: string;
  /** A JSON object as text, or "". */
  metadata: string;
  /** The addresses and ranges from which it may be used; empty for any. */
  allowedSources: string[];
}

/** The expiry that a new access token gets unless another is chosen, in days. */
const proposedDays = '90';

/** The values for a new access token. */
export const emptyForm: TokenForm = {
  name: '',
  owner: '',
  scopes: [],
  grantableScopes: [],
  audiences: [],
  lifetimeSeconds: undefined,
  expiry: proposedDays,
  expireAt: '',
  metadata: '',
  allowedSources: [],
  ...noLimits,
};

/** The values of an existing access token. */
export function formOf(token: AccessToken): TokenForm {
  const { metadata, expireTime, jwtLifetimeMax } = token;
  return {
    name: token.name,
    owner: token.owner,
    scopes: token.scopes,
    grantableScopes: token.grantableScopes,
    audiences: token.audiences,
    lifetimeSeconds: jwtLifetimeMax && Number(jwtLifetimeMax.seconds),
    expiry: expireTime ? 'at' : 'never',
    expireAt: expireTime ? localTime(timestampDate(expireTime)) : '',
    metadata: metadata && Object.keys(metadata).length > 0 ? JSON.stringify(metadata, null, 2) : '',
    allowedSources: token.allowedSources,
    ...limitsOf(token),
  };
}

function checkScopes(scopes: string[]): string | null {
  const bad = scopes.find(scope => !/^[\x21\x23-\x5b\x5d-\x7e]{1,128}$/.test(scope));
  return bad === undefined ? null : `"${bad}" is not a scope: no spaces, quotes or backslashes.`;
}

/** The validation of each field: an error message, or null if the value is valid. */
export const validate = {
  name: (name: string) => (name.trim() === '' ? 'Enter a name.' : null),
  scopes: checkScopes,
  grantableScopes: checkScopes,
  expireAt: (expireAt: string, form: TokenForm) =>
    form.expiry !== 'at' || new Date(expireAt).getTime() > Date.now()
      ? null
      : 'Choose a time in the future.',
  metadata: (metadata: string) => (readObject(metadata) ? null : 'This is not a JSON object.'),
  ...validateLimits,
};

/** The fields for the API. An expiry that was not changed in the form keeps its exact time. */
export function fieldsOf(form: TokenForm, token?: AccessToken) {
  const expireTime = expiryOf(form, token);
  return {
    name: form.name.trim(),
    owner: form.owner.trim(),
    scopes: form.scopes,
    grantableScopes: form.grantableScopes,
    audiences: form.audiences,
    allowedSources: form.allowedSources,
    ...limitFields(form),
    ...(form.lifetimeSeconds && { jwtLifetimeMax: { seconds: BigInt(form.lifetimeSeconds) } }),
    ...(form.metadata.trim() !== '' && { metadata: readObject(form.metadata) ?? {} }),
    ...(expireTime && { expireTime }),
  };
}

function expiryOf(form: TokenForm, token: AccessToken | undefined) {
  if (form.expiry === 'never') return undefined;
  if (form.expiry !== 'at') {
    // Rounded up to the minute, so that a retry sends the same change and gets the same request id.
    const minuteMs = 60_000;
    const nowMs = Math.ceil(Date.now() / minuteMs) * minuteMs;
    return timestampFromDate(new Date(nowMs + Number(form.expiry) * 86_400_000));
  }
  if (token?.expireTime && localTime(timestampDate(token.expireTime)) === form.expireAt) {
    return token.expireTime;
  }
  return timestampFromDate(new Date(form.expireAt));
}

/** The JSON object in a text; {} for an empty text, undefined for anything else. */
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

/** A time in the format of a datetime-local input, to the minute or the second. */
export function localTime(date: Date, to: 'minute' | 'second' = 'minute'): string {
  const local = new Date(date.getTime() - date.getTimezoneOffset() * 60_000);
  return local.toISOString().slice(0, to === 'minute' ? 16 : 19);
}

/** Returns a handler that puts the focus on the first invalid field. */
export function focusFirst(form: { getInputNode(path: string): HTMLElement | null }) {
  return (errors: Record<string, unknown>) => {
    const [path] = Object.keys(errors);
    if (path !== undefined) form.getInputNode(path)?.focus();
  };
}
