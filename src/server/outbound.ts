/** The requests that Usher itself makes, by the settings; where calls are traced, each has a span. */

import { createOutboundFetch, type OutboundFetch } from '../outbound/outbound.ts';
import type { Config } from '../settings/config.ts';
import type { Tracing } from '../tracing/tracing.ts';

/** Opens them. */
export function openOutbound(config: Config, tracing: Tracing | undefined): OutboundFetch {
  const fetch = createOutboundFetch({
    allow: config.outboundAllow,
    caFile: config.outboundCaFile,
    timeoutMs: config.outboundTimeoutMs,
    bytesMax: config.outboundBytesMax,
  });
  return tracing === undefined ? fetch : tracedFetch(fetch, tracing);
}

/**
 * The same in spans by OpenTelemetry's semantic conventions, which the other side can continue. They have the
 * host, and neither path nor query: those can hold secrets.
 */
function tracedFetch(fetch: OutboundFetch, tracing: Tracing): OutboundFetch {
  return async (target, init = {}) => {
    if (!URL.canParse(target)) return await fetch(target, init);
    const { hostname, port, protocol } = new URL(target);
    const method = init.method ?? 'GET';
    const attributes = {
      'http.request.method': method,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'http:' ? 80 : 443),
    };
    const send = (context: Readonly<Record<string, string>>) => {
      const headers = new Headers(init.headers);
      for (const [name, value] of Object.entries(context)) headers.set(name, value);
      return fetch(target, { ...init, headers });
    };
    return await tracing.request({ name: method, attributes }, send, ({ status }) => ({
      'http.response.status_code': status,
    }));
  };
}
