/** Protection against cross-site requests: a cookie counts only if our page made the request. */

import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether this server's own page made a request that changes something. Browsers say so in
 * `Sec-Fetch-Site`, or, on plain HTTP to another machine, only in `Origin`, which must match
 * `Host`; a request with neither is refused. The content type must also be one that a form cannot
 * send: a page of another origin then needs permission by CORS, which this server never gives.
 */
export function madeByOwnPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined && headers.origin === undefined) return false;
  return !madeByOtherSite(headers) && notSentByForm(headers);
}

/** Whether the browser says that another site's page made the request; enough for reads. */
export function madeByOtherSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return true;
  return headers.origin !== undefined && !originIsHost(headers.origin, headers.host);
}

// Only the hosts are compared: behind a proxy that ends TLS, the schemes differ.
function originIsHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

const formTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

function notSentByForm(headers: IncomingHttpHeaders): boolean {
  if (headers['connect-protocol-version'] !== undefined) return true;
  const [given = ''] = (headers['content-type'] ?? '').split(';');
  const type = given.trim().toLowerCase();
  return type !== '' && !formTypes.includes(type);
}
