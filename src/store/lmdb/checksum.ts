/**
 * Values with a checksum before them, of the value and of its name, so that damage shows, and a value that
 * stands elsewhere. They have no MAC: someone who can write to the file can also put back an older one.
 */

import { crc32 } from 'node:zlib';

/** Encodes a value. `name` says where it is stored. */
export function withSum(name: string, value: string): string {
  return `${sumOf(name, value)} ${value}`;
}

/** Decodes it; undefined when it is not as it was written under that name. */
export function checkSum(name: string, text: string): string | undefined {
  const value = text.slice(9);
  return text.startsWith(`${sumOf(name, value)} `) ? value : undefined;
}

function sumOf(name: string, value: string): string {
  return crc32(`${name} ${value}`).toString(16).padStart(8, '0');
}
