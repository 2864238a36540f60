/** /forward-auth, for nginx auth_request, Traefik ForwardAuth, Caddy forward_auth and HAProxy. */

import { attached } from '../../caching/attached.ts';
import { unknownParameter } from '../../reading/query.ts';
import { mapAwaitable } from '../../store/awaitable.ts';
import type { Identity } from '../../verify/verdict.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { withRateLimit } from '../http/rate-limit-fields.ts';
import type { Route } from '../http/router.ts';
import {
  askedByHeaders,
  type GatewayDoor,
  type GatewayDoorDeps,
  verifyForGateway,
} from './gateway-door.ts';
import { identityHeaders } from './identity-headers.ts';
import { type Asked, type Requirements, requirementsOf } from './requirements.ts';

/**
 * The route of /forward-auth. The gateway's configuration states requirements in the query:
 * `scopes` (separated by spaces), `audience` and `flavour=nginx`. Headers can only add
 * requirements. The verdict depends on nothing else but the credential and, for tokens that may be used
 * from some addresses only, on what trusted proxies say in X-Forwarded-For.
 */
export function forwardAuthRoute(deps: GatewayDoorDeps): Route {
  const queries = createQueries();
  const headersOf = createHeaders();
  const handle = (req: HttpRequest, res: HttpResponse) => {
    const { door, asked, requirements } = queries(queryOf(req));
    const byHeaders = askedByHeaders(req);
    const all = byHeaders ? requirementsOf(asked, byHeaders) : requirements;
    return mapAwaitable(verifyForGateway(req, res, deps, door, all), verdict => {
      if (verdict) {
        res.writeHead(200, withRateLimit(headersOf(verdict.identity), verdict)).end();
      }
    });
  };
  return { path: '/forward-auth', methods: 'any', query: 'any', handle };
}

const plainDoor: GatewayDoor = {
  door: 'forward-auth',
  path: '/forward-auth',
  statusOf: http => http,
};

/** nginx passes on only 401 and 403; it turns any other status into a 500. */
const nginxDoor: GatewayDoor = { ...plainDoor, statusOf: http => (http === 401 ? 401 : 403) };

/** Response headers, cached by identity: the same object while nothing has changed. */
function createHeaders(): (identity: Identity) => string[] {
  const known = attached<Identity, string[]>();
  return identity => {
    let headers = known.get(identity);
    if (headers === undefined) {
      // Empty ones too: some gateways keep the client's own header when this response has none.
      headers = ['Content-Length', '0', ...identityHeaders(identity).flat()];
      known.set(identity, headers);
    }
    return headers;
  };
}

/** A parsed query. */
interface Query {
  door: GatewayDoor;
  asked: Asked | string;
  /** The requirements of the query alone; a string says what is wrong. */
  requirements: Requirements | string;
}

/** Most cached queries; a gateway's configuration has few. */
const queriesMax = 256;
/** Longest cached query, in characters; no gateway's configuration has a longer one. */
const queryLengthMax = 1024;

function createQueries(): (query: string) => Query {
  const known = new Map<string, Query>();
  return query => {
    let read = known.get(query);
    if (read === undefined) {
      const { door, asked } = readQuery(query);
      read = { door, asked, requirements: requirementsOf(asked) };
      // A gateway that passes on the client's query could otherwise fill the cache.
      if (known.size >= queriesMax) known.clear();
      if (query.length <= queryLengthMax) known.set(query, read);
    }
    return read;
  };
}

function queryOf({ url = '' }: HttpRequest): string {
  const start = url.indexOf('?');
  return start === -1 ? '' : url.slice(start + 1);
}

function readQuery(query: string): Pick<Query, 'door' | 'asked'> {
  const { audience = [], scopes = [], flavour = [], ...others } = valuesOf(query);
  const door = flavour.includes('nginx') ? nginxDoor : plainDoor;
  // A misspelt requirement must not be ignored.
  const [unknown] = Object.keys(others);
  if (unknown !== undefined) return { door, asked: unknownParameter(unknown, parameters) };
  if (flavour.some(value => value !== 'nginx')) return { door, asked: 'flavour is not nginx' };
  return { door, asked: { audiences: audience, scopes } };
}

const parameters = ['scopes', 'audience', 'flavour'];

function valuesOf(query: string): Record<string, string[]> {
  const values: Record<string, string[]> = Object.create(null);
  for (const [name, value] of new URLSearchParams(query)) {
    values[name] ??= [];
    values[name].push(value);
  }
  return values;
}
