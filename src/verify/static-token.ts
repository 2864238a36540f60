/**
 * The format of a static token: a prefix such as "ush" and "_", the access token's UUID in 22 base62
 * characters, "_", 43 random base62 characters (256 bits), and the CRC-32 of all these in 6. With the
 * UUID, verification is one look-up. The checksum rejects typos without a look-up, and lets scanners
 * find leaked tokens. A secret key has another prefix, and no UUID.
 */

import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The prefix of tokens where USHER_TOKEN_PREFIX names no other. */
export const defaultPrefix = 'ush';
/** What such tokens begin with. */
export const staticTokenPrefix = `${defaultPrefix}_`;

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
/** A prefix: parts of lower-case letters and digits, joined by "_". */
const prefixForm = /^(?=.{2,20}$)[a-z][a-z0-9]*(?:_[a-z0-9]+)*$/;
/** Characters of a static token from its UUID on. */
const tailLength = 72;
const form = /^[a-z][a-z0-9_]{0,18}[a-z0-9]_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}$/;
/** The prefix before a UUID. After that of the default, the rest may be cut anywhere. */
const headForm =
  /^(?:ush(?=_[0-9A-Za-z]{22})|[a-z][a-z0-9_]{0,18}[a-z0-9](?=_[0-9A-Za-z]{22}(?:_|$)))/;

/** Whether a text can be a prefix of tokens. That of the default secret keys is none. */
export function isPrefix(text: string): boolean {
  return prefixForm.test(text) && text !== secretKeyPrefix(defaultPrefix);
}

/** The prefix of the secret keys of kind jwt, for that of tokens: "usk" for "ush", "acmek" for "acme". */
export function secretKeyPrefix(prefix: string): string {
  return prefix === defaultPrefix ? 'usk' : `${prefix}k`;
}

/** Creates a token for an access token's UUID, from 32 random bytes. */
export function makeStaticToken(
  id: string,
  bytes: Uint8Array = randomBytes(32),
  prefix: string = defaultPrefix,
): string {
  const uuid = toBase62(BigInt(`0x${id.replaceAll('-', '')}`), 22);
  return checked(`${prefix}_${uuid}_`, bytes);
}

/** Creates a secret key of kind jwt from 32 random bytes. */
export function makeSecretKey(
  prefix: string = defaultPrefix,
  bytes: Uint8Array = randomBytes(32),
): string {
  return checked(`${secretKeyPrefix(prefix)}_`, bytes);
}

/** A beginning, the bytes in 43 base62 characters, and the check digits of both. */
function checked(head: string, bytes: Uint8Array): string {
  const body = head + toBase62(BigInt(`0x${Buffer.from(bytes).toString('hex')}`), 43);
  return body + checksum(body);
}

/**
 * The UUID in a token, in lower case; undefined for anything else. Any prefix will do: tokens outlive a
 * change of USHER_TOKEN_PREFIX, and all replicas agree during one.
 */
export function parseStaticToken(token: string): string | undefined {
  if (!form.test(token) || checksum(token.slice(0, -6)) !== token.slice(-6)) return undefined;
  return uuidAt(token, token.length - tailLength);
}

/**
 * The UUID in what a static token begins with, up to the UUID or further; undefined for anything else.
 * A text with another prefix than the default's may be anything else by chance.
 */
export function uuidInStaticToken(token: string): string | undefined {
  const prefix = headForm.exec(token)?.[0];
  return prefix === undefined ? undefined : uuidAt(token, prefix.length + 1);
}

/** The UUID of the 22 base62 characters at this place. */
function uuidAt(token: string, at: number): string | undefined {
  // In parts below 2^53: bigint arithmetic per character is slow.
  const high = BigInt(fromBase62(token, at, at + 8));
  const middle = BigInt(fromBase62(token, at + 8, at + 16));
  const low = BigInt(fromBase62(token, at + 16, at + 22));
  const value = (high * steps8 + middle) * steps6 + low;
  if (value >= uuids) return undefined;
  const hex = value.toString(16).padStart(32, '0');
  const part = (start: number, end: number) => hex.slice(start, end);
  return `${part(0, 8)}-${part(8, 12)}-${part(12, 16)}-${part(16, 20)}-${part(20, 32)}`;
}

const steps8 = 62n ** 8n;
const steps6 = 62n ** 6n;
const uuids = 1n << 128n;

function checksum(body: string): string {
  let text = '';
  let rest = crc32(body);
  for (; text.length < 6; rest = Math.floor(rest / 62)) text = digits[rest % 62] + text;
  return text;
}

function toBase62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n)
    text = digits[Number(rest % 62n)] + text;
  return text;
}

/** By character code. */
const digitValues = new Uint8Array(128);
for (const [value, digit] of [...digits].entries()) digitValues[digit.charCodeAt(0)] = value;

/** At most eight characters. */
function fromBase62(text: string, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) {
    value = value * 62 + (digitValues[text.charCodeAt(at)] as number);
  }
  return value;
}
