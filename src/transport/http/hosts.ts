/**
 * The names that a listener answers to. A page whose name an attacker makes point to this machine
 * (DNS rebinding) counts as the same origin as the listener; only its `Host` gives it away.
 */

import { isIPv4, isIPv6 } from 'node:net';
import { plainAddress } from '../../tokens/source.ts';
import { answerJson } from './answer.ts';
import type { HttpResponse } from './message.ts';
import { isHost } from './request-check.ts';
import type { Route } from './router.ts';

/** Whether the listener answers to a Host, on a connection that arrived at this address. */
export type AnswersTo = (host: string | undefined, localAddress: string | undefined) => boolean;

/**
 * Accepts these names and addresses, those of the loopback interface, and the address at which the
 * connection arrived; on any port, because a proxy or container may publish another one. The names
 * are as `hostName` returns them.
 */
export function answersToHosts(names: readonly string[]): AnswersTo {
  const known = new Set(names);
  return (host, localAddress) => {
    // Only the name counts: `localhost/` would be a host with a path.
    const name = host !== undefined && isHost(host) ? hostName(host) : undefined;
    if (name === undefined) return false;
    return known.has(name) || isLoopback(name) || name === arrivedAt(localAddress);
  };
}

/** The answer to a request for another name. */
export const otherHostText =
  'the API Manager does not answer to this host name; to allow it, add it to USHER_MANAGER_HOSTS';

/** The routes with a check before each, which refuses requests for other names. */
export function onlyForHosts(routes: readonly Route[], answersTo: AnswersTo): Route[] {
  return routes.map(route => ({
    ...route,
    handle(req, res) {
      const isKnown = answersTo(req.headers.host, req.socket.localAddress);
      return isKnown ? route.handle(req, res) : refuse(res);
    },
  }));
}

/**
 * The name or address in the value of a Host header, as a URL has it: in lower case, IPv6 in its
 * shortest form and in brackets; undefined if it is none.
 */
export function hostName(host: string): string | undefined {
  const url = `http://${host}/`;
  if (!URL.canParse(url)) return undefined;
  return new URL(url).hostname.replace(/\.$/, '');
}

/** RFC 6761 section 6.3 reserves `localhost` and all names below it. */
function isLoopback(name: string): boolean {
  if (isIPv4(name)) return name.startsWith('127.');
  return name === '[::1]' || /(^|\.)localhost$/.test(name);
}

function arrivedAt(localAddress: string | undefined): string | undefined {
  const address = plainAddress(localAddress ?? '');
  return isIPv6(address) ? hostName(`[${address}]`) : address;
}

/**
 * `code` and `message` are for Connect clients. Status 421 would say more, but makes clients send
 * the request again (Fetch standard), and Node's fetch fail at that.
 */
function refuse(res: HttpResponse): void {
  const error = otherHostText;
  answerJson(res, 403, { error, code: 'failed_precondition', message: error });
}
