/** Cross-site protection: a cookie counts only on a request that this server's own page made. */

import type { IncomingHttpHeaders } from 'node:http';

/**
 * Whether a request that changes something was made by this server's own page. Browsers tell it by
 * `Sec-Fetch-Site`, or, on plain HTTP to another machine, by `Origin` alone, which is compared with
 * `Host`; a request that tells neither is refused. On top of that the body's type must be one that a
 * form cannot send, so that a page of another origin would need leave from CORS, which none gets.
 */
export function madeByOwnPage(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site === undefined && headers.origin === undefined) return false;
  return !madeByOtherSite(headers) && notSentByForm(headers);
}

/** Whether the browser says that another site's page made the request; enough to ask of reads. */
export function madeByOtherSite(headers: IncomingHttpHeaders): boolean {
  const site = headers['sec-fetch-site'];
  if (site !== undefined && site !== 'same-origin') return true;
  return headers.origin !== undefined && !originIsHost(headers.origin, headers.host);
}

// Only the host is compared: behind a proxy that ends TLS the scheme of the two differs.
function originIsHost(origin: string, host: string | undefined): boolean {
  return URL.canParse(origin) && host !== undefined && new URL(origin).host === host.toLowerCase();
}

const formTypes = ['application/x-www-form-urlencoded', 'multipart/form-data', 'text/plain'];

function notSentByForm(headers: IncomingHttpHeaders): boolean {
  if (headers['connect-protocol-version'] !== undefined) return true;
  const [type = ''] = (headers['content-type'] ?? '').split(';');
  return type !== '' && !formTypes.includes(type.trim().toLowerCase());
}
