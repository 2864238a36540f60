/** JSON answers of the manager's own routes, which no cache may store. */

import type { ServerResponse } from 'node:http';

/** Headers of every answer that depends on the caller. */
export const privateHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Sends `body` as JSON and ends the response. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { ...privateHeaders, 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
}
