/**
 * The format of a static token: "ush_", the access token's UUID in 22 base62 characters, "_", 43
 * random base62 characters (256 bits), and the CRC-32 of all these in 6. With the UUID,
 * verification is one look-up. The checksum rejects typos without a look-up, and lets scanners find
 * leaked tokens.
 */

import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** The prefix of every static token. */
export const staticTokenPrefix = 'ush_';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const form = /^ush_[0-9A-Za-z]{22}_[0-9A-Za-z]{49}$/;

/** Creates a token for an access token's UUID, from 32 random bytes. */
export function makeStaticToken(id: string, bytes: Uint8Array = randomBytes(32)): string {
  const uuid = toBase62(BigInt(`0x${id.replaceAll('-', '')}`), 22);
  const random = toBase62(BigInt(`0x${Buffer.from(bytes).toString('hex')}`), 43);
  const body = `${staticTokenPrefix}${uuid}_${random}`;
  return body + checksum(body);
}

/** The UUID in a token, in lower case; undefined for anything else. */
export function parseStaticToken(token: string): string | undefined {
  if (!form.test(token) || checksum(token.slice(0, -6)) !== token.slice(-6)) return undefined;
  return uuidInStaticToken(token);
}

const begin = /^ush_[0-9A-Za-z]{22}/;

/** The UUID in what a static token begins with, 26 characters or more; undefined for anything else. */
export function uuidInStaticToken(token: string): string | undefined {
  if (!begin.test(token)) return undefined;
  // In parts below 2^53: bigint arithmetic per character is slow.
  const high = BigInt(fromBase62(token, 4, 12));
  const middle = BigInt(fromBase62(token, 12, 20));
  const low = BigInt(fromBase62(token, 20, 26));
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
