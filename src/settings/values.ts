/**
 * Parses the values of settings. All functions throw Mistake, whose message says what is wrong and
 * how to correct it, without the value.
 */

import ipaddr from 'ipaddr.js';
import { type AddressRange, meantBy, readRange } from '../reading/address-range.ts';

/** A mistake in a setting, with a message for the operator. */
export class Mistake extends Error {
  override readonly name = 'Mistake';
}

/** A listener's address; "off" for no listener. */
export type Listen = { host: string; port: number } | 'off';

/** A key that protects secrets at rest. */
export interface MasterKey {
  /** 1 to 32 letters, digits, "_" or "-". */
  id: string;
  /** 32 bytes. */
  bytes: Buffer;
}

/** An address range: its first address and the length of its prefix in bits. */
export type Cidr = AddressRange;

/** Parses a whole number from `min` to `max`. */
export function wholeNumber(min: number, max: number): (text: string) => number {
  return text => {
    const value = /^[0-9]{1,15}$/.test(text) ? Number(text) : Number.NaN;
    if (value >= min && value <= max) return value;
    throw new Mistake(`is not a whole number from ${min} to ${max}`);
  };
}

/** Parses the path of a file. */
export function filePath(text: string): string {
  if (/^\.{0,2}\/[^\0\n]*[^/\0\n]$/.test(text)) return text;
  throw new Mistake('is not the path of a file that begins with /, ./ or ../');
}

/** Parses the path of a folder. */
export function folderPath(text: string): string {
  if (/^\.{0,2}\/[^\0\n]*$/.test(text)) return text;
  throw new Mistake('is not the path of a folder that begins with /, ./ or ../');
}

/** Parses a command of the shell. */
export function keyCommand(text: string): string {
  if (text.trim() !== '' && !text.includes('\0')) return text;
  throw new Mistake('is empty; write a command that prints the keys, or unset it');
}

/** One of some words. */
export function oneOf<W extends string>(words: readonly W[]): (text: string) => W {
  return text => {
    const found = words.find(word => word === text);
    if (found !== undefined) return found;
    throw new Mistake(`is not one of ${words.join(', ')}`);
  };
}

/** Parses `host:port`, `[::1]:port` or `off`. */
export function listen(text: string): Listen {
  if (text === 'off') return 'off';
  const [, six, name, digits] = /^(?:\[([^\]]+)\]|([^:[\]/\s]+)):([0-9]{1,5})$/.exec(text) ?? [];
  const host = six ?? name;
  const port = Number(digits);
  if (host === undefined || !(port <= 65535)) {
    throw new Mistake('is not host:port; write 127.0.0.1:8080, [::1]:8080, 0.0.0.0:8080, or off');
  }
  const good = six === undefined ? /^[A-Za-z0-9._-]+$/.test(host) : ipaddr.IPv6.isValid(six);
  if (!good) throw new Mistake('has a host that is neither a name nor an address');
  if (/^[0-9.]+$/.test(host) && !ipaddr.IPv4.isValidFourPartDecimal(host)) {
    throw new Mistake('has a host that is not an IPv4 address');
  }
  return { host, port };
}

/** Parses `id:base64,…`; ids and keys must be distinct. */
export function masterKeys(text: string): MasterKey[] {
  const keys = text.split(',').map((entry, index) => masterKey(entry.trim(), index + 1));
  for (const [index, { id, bytes }] of keys.entries()) {
    const before = keys.slice(0, index);
    if (before.some(other => other.id === id)) {
      throw new Mistake(`has two keys with the same id (the second is key ${index + 1})`);
    }
    if (before.some(other => other.bytes.equals(bytes))) {
      throw new Mistake(`has the same key under two ids (the second is key ${index + 1})`);
    }
  }
  return keys;
}

function masterKey(entry: string, place: number): MasterKey {
  const colon = entry.indexOf(':');
  const id = entry.slice(0, Math.max(colon, 0));
  const text = entry.slice(colon + 1);
  if (!/^[A-Za-z0-9_-]{1,32}$/.test(id)) {
    throw new Mistake(
      `is not id:base64,… (key ${place} has no id of 1 to 32 letters, digits, _ or -)`,
    );
  }
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length !== 32 || bytes.toString('base64') !== text) {
    throw new Mistake(
      `has a key that is not the base64 of exactly 32 bytes (key ${place}); ` +
        'make one with: openssl rand -base64 32',
    );
  }
  return { id, bytes };
}

/** Parses a token of 32 to 512 printable ASCII characters without spaces. */
export function adminToken(text: string): string {
  if (!/^[\x21-\x7e]*$/.test(text)) {
    throw new Mistake('contains a space or a character that is not printable ASCII');
  }
  if (text.length < 32 || text.length > 512) {
    throw new Mistake('is not 32 to 512 characters long; make one with: openssl rand -hex 32');
  }
  return text;
}

/**
 * An origin of a scheme that browsers do not know, as apps have them: `capacitor://localhost`,
 * `chrome-extension://<id>`, `app://-`. Some of these schemes keep the case of the host.
 */
const appOrigin = /^(?!https?:|file:)[a-z][a-z0-9+.-]*:\/\/[\w.~-]+(?::[0-9]{1,5})?$/;

/** Parses `*`, or a list of origins as browsers and apps send them (RFC 6454 section 6.1). */
export function origins(text: string): '*' | string[] {
  if (text === '*') return '*';
  return list(text).map((entry, index) => {
    const url = URL.canParse(entry) ? new URL(entry) : undefined;
    if (url?.origin === entry && /^https?:$/.test(url.protocol)) return entry;
    if (appOrigin.test(entry)) return entry;
    if (entry === 'null' || entry.startsWith('file:')) {
      throw new Mistake(
        `has an entry that is not an origin (entry ${index + 1}) but what local files and sandboxed ` +
          'frames of any page send; serve the page from an origin of its own',
      );
    }
    throw new Mistake(
      `has an entry that is not an origin (entry ${index + 1}); write https://app.example.com or ` +
        'capacitor://localhost, in lower case, without a path or slash at the end',
    );
  });
}

/** Parses names of header fields. */
export function headerNames(text: string): string[] {
  return list(text).map((entry, index) => {
    if (/^[\w-]+$/.test(entry)) return entry;
    throw new Mistake(
      `has an entry that is not the name of a header (entry ${index + 1}); write x-client-version`,
    );
  });
}

/** Parses names and addresses as the Host header of a request has them, without a port. */
export function hostNames(text: string): string[] {
  return list(text).map((entry, index) => {
    const host = ipaddr.IPv6.isValid(entry) ? `[${entry}]` : entry;
    const url = URL.canParse(`http://${host}`) ? new URL(`http://${host}`) : undefined;
    if (url?.host === host.toLowerCase() && /^[\w.-]*[\w-]$|^\[/.test(host)) return url.hostname;
    throw new Mistake(
      `has an entry that is not a name or address (entry ${index + 1}); write usher.example.com, ` +
        'without a scheme, port or path',
    );
  });
}

/** Parses addresses and CIDR ranges; a range of all addresses is a mistake. */
export function addressRanges(text: string): Cidr[] {
  return list(text).map((entry, index) => {
    const place = `(entry ${index + 1})`;
    const cidr = readCidr(entry, place);
    if (cidr === undefined) {
      throw new Mistake(
        `has an entry that is not an address or CIDR range ${place}; write 10.0.0.7 or 10.0.0.0/8`,
      );
    }
    if (cidr[1] === 0) {
      throw new Mistake(
        `trusts every address ${place}, so that anyone could pretend to be a proxy; name your proxies`,
      );
    }
    return cidr;
  });
}

/**
 * Parses an address or a CIDR range; undefined for what is neither. Throws Mistake for a range that has bits
 * behind its prefix: it may be meant as the address alone.
 */
export function readCidr(entry: string, place: string): Cidr | undefined {
  const range = readRange(entry);
  if (range === undefined || meantBy(range) === undefined) return range;
  throw new Mistake(
    `has an entry with bits behind its prefix ${place}; write the range by its first address, or the ` +
      'address without a prefix',
  );
}

/** Parses an http or https URL without user, query or slash at its end. */
export function baseUrl(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || !/^https?:$/.test(url.protocol) || url.username || url.search) {
    throw new Mistake('is not an http or https address; write http://127.0.0.1:8081');
  }
  return text.replace(/\/+$/, '');
}

/** Splits at commas; an empty text is an empty list. */
export function list(text: string): string[] {
  return text === '' ? [] : text.split(',').map(entry => entry.trim());
}
