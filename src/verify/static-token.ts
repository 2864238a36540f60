/**
 * The form of a static token: "ush_", the access token's UUID in 22 base62 characters, "_", 43 random
 * base62 characters (256 bits), and their CRC-32 in 6. The UUID makes verification one look-up; the
 * checksum turns typos and garbage away without one, and lets scanners find leaked tokens.
 */

import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';

/** How every static token starts. */
export const staticTokenPrefix = 'ush_';

const digits = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const form = /^ush_([0-9A-Za-z]{22})_([0-9A-Za-z]{43})([0-9A-Za-z]{6})$/;

/** Makes a token for an access token's UUID. */
export function makeStaticToken(id: string): string {
  const uuid = toBase62(BigInt(`0x${id.replaceAll('-', '')}`), 22);
  const random = toBase62(BigInt(`0x${randomBytes(32).toString('hex')}`), 43);
  const body = `${staticTokenPrefix}${uuid}_${random}`;
  return body + checksum(body);
}

/** The UUID inside a token, or undefined for what is not one. */
export function parseStaticToken(token: string): string | undefined {
  const parts = form.exec(token);
  if (parts === null || checksum(token.slice(0, -6)) !== parts[3]) return undefined;
  const value = fromBase62(parts[1] as string);
  if (value >= 1n << 128n) return undefined;
  const hex = value.toString(16).padStart(32, '0');
  return [8, 12, 16, 20, 32].map((end, n) => hex.slice([0, 8, 12, 16, 20][n], end)).join('-');
}

function checksum(body: string): string {
  return toBase62(BigInt(crc32(body)), 6);
}

function toBase62(value: bigint, length: number): string {
  let text = '';
  for (let rest = value; text.length < length; rest /= 62n)
    text = digits[Number(rest % 62n)] + text;
  return text;
}

function fromBase62(text: string): bigint {
  // In steps of eight characters, whose value is below 2^53: bigint arithmetic per character is slow.
  let value = 0n;
  for (let at = 0; at < text.length; at += 8) {
    const chunk = text.slice(at, at + 8);
    let number = 0;
    for (const digit of chunk) number = number * 62 + digits.indexOf(digit);
    value = value * 62n ** BigInt(chunk.length) + BigInt(number);
  }
  return value;
}
