/** Answers of the manager's own routes: JSON that no one keeps. */

import type { ServerResponse } from 'node:http';

/** Headers of every answer that depends on who asks. */
export const privateHeaders = {
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
} as const;

/** Sends JSON. */
export function sendJson(
  res: ServerResponse,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
): void {
  res.writeHead(status, { ...privateHeaders, 'content-type': 'application/json', ...headers });
  res.end(JSON.stringify(body));
}
