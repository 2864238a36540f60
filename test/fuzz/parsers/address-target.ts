/** The address of a client behind proxies: X-Forwarded-For, which any client can send. */

import assert from 'node:assert/strict';
import { isIP, isIPv4, isIPv6 } from 'node:net';
import { sourceOf } from '../../../src/tokens/source.ts';
import { originOf, trustsRanges } from '../../../src/transport/rpc/client-address.ts';
import type { Target } from '../target.ts';

const ranges: [string, number][] = [
  ['10.0.0.0', 8],
  ['192.0.2.7', 32],
  ['fd00::', 8],
  ['::1', 128],
];
const trusts = trustsRanges(ranges);

/** The first line is the connection's address, the rest X-Forwarded-For. */
function play(input: Buffer): void {
  const [peer = '', ...rest] = input.toString('latin1').split('\n');
  const forwarded = rest.join('\n');
  // The system names the peer: it is an address.
  if (isIP(peer) === 0) return;
  const { address: found } = originOf(peer, forwarded, trusts);
  assert(found === '' || isIP(found) !== 0, `no address: ${found}`);
  assert.equal(found, slowly(peer, forwarded), 'another address');
  if (!isTrusted(peer)) assert.equal(found, unmapped(peer), 'a stranger chose its address');
  assert.equal(sourceOf(found), slowSource(found), 'another source');
}

/** The same, with a list of all entries. */
function slowly(peer: string, forwarded: string): string {
  const entries = forwarded === '' ? [] : forwarded.split(',').map(slowEntry);
  let found = unmapped(peer);
  while (entries.length > 0 && found !== '' && isTrusted(found)) found = entries.pop() ?? '';
  return found;
}

/** The address of an entry, alone or with a port, IPv6 then in brackets; "" for anything else. */
function slowEntry(entry: string): string {
  const text = entry.trim();
  if (entry.length > 64 || text.includes('%')) return '';
  if (isIPv6(text)) return unmapped(text);
  const bare = text.replace(/:\d{1,5}$/, '');
  if (isIPv4(bare)) return bare;
  const isInBrackets = bare.startsWith('[') && bare.endsWith(']') && isIPv6(bare.slice(1, -1));
  return isInBrackets ? unmapped(bare.slice(1, -1)) : '';
}

/** An address in the form that IPv4 has in IPv6 (RFC 4291 section 2.5.5.2), without that form and its zone. */
function unmapped(text: string): string {
  if (!isIPv6(text)) return text;
  const address = bitsOf(text);
  if (!address.startsWith(`${'0'.repeat(80)}${'1'.repeat(16)}`)) return text;
  const bytes = address.slice(96).match(/.{8}/g) ?? [];
  return bytes.map(byte => Number.parseInt(byte, 2)).join('.');
}

/** The bits of an address: 32, or 128 by the groups that the URL standard writes. */
function bitsOf(text: string): string {
  if (isIP(text) === 4)
    return text
      .split('.')
      .map(byte => bits(Number(byte), 8))
      .join('');
  const host = new URL(`http://[${text.replace(/%.*$/s, '')}]`).hostname.slice(1, -1);
  const [head = [], tail] = host.split('::').map(half => half.split(':').filter(Boolean));
  const last = tail ?? [];
  const zeros = Array<string>(8 - head.length - last.length).fill('0');
  return [...head, ...zeros, ...last].map(group => bits(Number.parseInt(group, 16), 16)).join('');
}

function bits(value: number, length: number): string {
  return value.toString(2).padStart(length, '0');
}

function isTrusted(text: string): boolean {
  const address = bitsOf(text);
  return ranges.some(([first, length]) => {
    const range = bitsOf(first);
    // IPv4 in IPv6 (RFC 4291 section 2.5.5.2) is of the ranges of IPv4.
    const mapped = `${'0'.repeat(80)}${'1'.repeat(16)}`;
    const plain = address.startsWith(mapped) ? address.slice(96) : address;
    return plain.length === range.length && plain.startsWith(range.slice(0, length));
  });
}

function slowSource(text: string): string {
  if (isIP(text) !== 6) return text;
  const groups = bitsOf(text).match(/.{16}/g) ?? [];
  return `${groups
    .slice(0, 4)
    .map(group => Number.parseInt(group, 2).toString(16))
    .join(':')}::/64`;
}

/** The header. */
export const addressTarget: Target = {
  name: 'address',
  share: 1,
  bytesMax: 1000,
  seeds: [
    '10.0.0.1\n203.0.113.9, 10.2.3.4',
    '10.0.0.1\n203.0.113.9, evil, 10.2.3.4',
    '::1\n2001:db8::1:2',
    '::ffff:10.0.0.1\n::ffff:198.51.100.1,fd00::7',
    '203.0.113.9\n10.0.0.1',
    'fe80::1%eth0\n1.2.3.4',
    '192.0.2.7\n1:2:3:4:5:6:7:8,1:2::7.8.9.10',
    '10.0.0.1\n[2001:db8::1]:443, 10.9.9.9:80',
    '10.0.0.1\n203.0.113.9:80,[fd00::1]',
  ].map(text => Buffer.from(text)),
  words: [
    '10.',
    ', ',
    '::',
    '::ffff:',
    ':',
    '%a',
    '0',
    '[',
    ']:80',
    '203.0.113.9',
    'fd00::1',
    '1.2.3.4',
  ].map(text => Buffer.from(text)),
  play,
};
