/** Decides which addresses a URL may lead to, before a connection is made. */

import { lookup } from 'node:dns/promises';
import { isIPv6 } from 'node:net';
import { kindOf, readAddress } from './addresses.ts';
import { type AllowedTarget, isAllowed } from './allow.ts';
import { OutboundError } from './error.ts';

/** Looks up all addresses of a name; throws when there is none. */
export type Resolve = (name: string) => Promise<readonly string[]>;

/** Asks the system, as the files of the machine and its DNS servers have it. */
export async function resolveBySystem(name: string): Promise<string[]> {
  const found = await lookup(name, { all: true, order: 'verbatim' });
  return found.map(({ address }) => address);
}

/** An address that was checked, as net.connect takes it. */
export interface CheckedAddress {
  address: string;
  family: 4 | 6;
}

const allowSetting = 'USHER_OUTBOUND_ALLOW';

/**
 * Reads a URL that Usher is to call, and checks what can be known without looking its name up. Throws
 * OutboundError.
 */
export function checkUrl(text: string | URL, allow: readonly AllowedTarget[]): URL {
  if (!URL.canParse(text)) throw new OutboundError('refused', 'this is not an https address');
  const url = new URL(text);
  if (url.protocol !== 'https:' && url.protocol !== 'http:') {
    throw new OutboundError('refused', 'this is not an https address');
  }
  if (url.username !== '' || url.password !== '') {
    throw new OutboundError('refused', 'the address holds a user or password; leave them out');
  }
  const literal = readAddress(bareHost(url));
  if (literal !== undefined) checkAddress(url, literal.toString(), allow);
  else if (url.protocol === 'http:' && !isAllowed(allow, url, undefined)) throw plainHttp();
  return url;
}

/**
 * Looks the host of a URL up, once, and returns the addresses that may be connected to; a name may also
 * have others, which are left out. Throws OutboundError when there is none.
 */
export async function checkedAddresses(
  url: URL,
  allow: readonly AllowedTarget[],
  resolve: Resolve,
): Promise<CheckedAddress[]> {
  const host = bareHost(url);
  if (readAddress(host) !== undefined) return [checkAddress(url, host, allow)];
  const addresses = await resolve(host).catch((error: unknown) => {
    throw new OutboundError('name', `${host} has no address; check the name and the DNS`, error);
  });
  const good: CheckedAddress[] = [];
  let refusal: unknown;
  for (const address of addresses) {
    try {
      good.push(checkAddress(url, address, allow));
    } catch (error) {
      refusal = error;
    }
  }
  if (good.length > 0) return good;
  throw refusal ?? new OutboundError('name', `${host} has no address; check the name and the DNS`);
}

function checkAddress(url: URL, text: string, allow: readonly AllowedTarget[]): CheckedAddress {
  const address = readAddress(text);
  const kind = address === undefined ? 'unknown' : kindOf(address);
  const named = isAllowed(allow, url, address);
  if (address === undefined || (kind !== 'public' && !named)) {
    throw new OutboundError(
      'refused',
      `${bareHost(url)} leads to an address that is not public (${words(kind)}); if Usher may call it, ` +
        `name it in ${allowSetting}`,
    );
  }
  if (url.protocol === 'http:' && !(kind === 'loopback' && named)) throw plainHttp();
  const checked = address.toString();
  return { address: checked, family: isIPv6(checked) ? 6 : 4 };
}

function plainHttp(): OutboundError {
  return new OutboundError(
    'refused',
    `the address is not https; http is for loopback addresses that ${allowSetting} names`,
  );
}

/** The host without the brackets of an IPv6 address. */
function bareHost({ hostname }: URL): string {
  return hostname.replace(/^\[|\]$/g, '');
}

/** "linkLocal" as "link local". */
function words(kind: string): string {
  return kind.replace(/[A-Z]/g, letter => ` ${letter.toLowerCase()}`);
}
