/**
 * Checks the version, target and Host of a request before any code builds a URL from them, and turns
 * absolute-form into a path (RFC 9112 section 3.2).
 */

import type { HttpRequest } from './message.ts';

/** Why a request is refused. */
export interface Fault {
  status: 400 | 505;
  /** For the caller. */
  text: string;
}

/**
 * What is wrong with a request; undefined for a valid one. A target in absolute-form is replaced by
 * its path, and the Host header by its host, which takes the place of what was sent.
 */
export function faultOf(req: HttpRequest): Fault | undefined {
  const { httpVersion } = req;
  // A request line may name any version; that of HTTP/2 has no dot.
  if (!/^(?:1\.\d|2)$/.test(httpVersion)) return wrongVersion;
  const { host } = req.headers;
  if (host === undefined) {
    // RFC 9112 section 3.2: only HTTP/1.1 must send it. Health checks often come by HTTP/1.0, and those of
    // HAProxy over HTTP/2 name no authority either.
    if (httpVersion !== '1.0' && httpVersion !== '2') return malformed('host header is missing');
  } else if (host === '') {
    return malformed('host header is missing');
  } else if (!isHost(host)) {
    return malformed('host header is malformed');
  }
  return targetFaultOf(req);
}

/** Blanks and control characters. */
const hasBlank = /[^!-~\x80-\xff]/;

/** A target with a scheme: its authority, and its path with the query. */
const absoluteForm = /^https?:\/\/([^/?#]*)([^#]*)$/i;

function targetFaultOf(req: HttpRequest): Fault | undefined {
  const { url = '', method } = req;
  // Over HTTP/1.1, where a blank ends the target, there are none.
  if (hasBlank.test(url)) return malformed('request target is malformed');
  if (url.startsWith('/') || (url === '*' && method === 'OPTIONS')) return undefined;
  const [, authority, rest = ''] = absoluteForm.exec(url) ?? [];
  if (authority === undefined) return malformed('request target must be a path');
  if (!isHost(authority)) return malformed('request target has a malformed host');
  // RFC 9112 section 3.2.2: the target's host is the one that counts.
  req.headers.host = authority;
  req.url = rest.startsWith('/') ? rest : `/${rest}`;
  return undefined;
}

const wrongVersion: Fault = { status: 505, text: 'the version of HTTP is neither 1.0 nor 1.1' };

const malformed = (text: string): Fault => ({ status: 400, text });

/** A name, an IPv4 or a bracketed IPv6 address, with or without a port. */
const hostShape = /^(?:[\w.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?::\d{1,5})?$/;

/** Cached valid hosts: a server has few names. */
const good = new Set<string>();
const goodMax = 256;

/** Whether a Host is valid, so that `new URL` cannot throw. */
export function isHost(host: string): boolean {
  if (good.has(host)) return true;
  if (!hostShape.test(host) || !URL.canParse(`http://${host}/`)) return false;
  if (good.size >= goodMax) good.clear();
  good.add(host);
  return true;
}
