/** Fetch over HTTPS with an authority and a client certificate, which Node's own fetch cannot take. */

import { Agent, request } from 'node:https';
import { Readable } from 'node:stream';
import type { TlsPems } from '../tls/files.ts';

/** As much of fetch as the transport of Connect uses. */
export function httpsFetch(tls: TlsPems): typeof fetch {
  const agent = new Agent(tls);
  return (input, init = {}) =>
    new Promise((resolve, reject) => {
      const sent = request(
        String(input),
        {
          agent,
          method: init.method ?? 'GET',
          headers: Object.fromEntries(new Headers(init.headers)),
          ...(init.signal ? { signal: init.signal } : {}),
        },
        received => {
          const headers = new Headers();
          for (const [name, value] of Object.entries(received.headersDistinct)) {
            for (const each of value ?? []) headers.append(name, each);
          }
          const body = Readable.toWeb(received) as ReadableStream<Uint8Array>;
          resolve(new Response(body, { status: received.statusCode ?? 0, headers }));
        },
      );
      sent.on('error', reject);
      sent.end(init.body);
    });
}
