/** Answers of the HTTP doors: JSON, never kept by anyone, errors always `{"error": "…"}`. */

import type { OutgoingHttpHeaders, ServerResponse } from 'node:http';

/** Answers with a JSON value. */
export function answerJson(
  res: ServerResponse,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  answerText(res, status, JSON.stringify(value), headers);
}

/** Answers with a JSON text. */
export function answerText(
  res: ServerResponse,
  status: number,
  body: string,
  headers: OutgoingHttpHeaders = {},
): void {
  res.writeHead(status, {
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    'Cache-Control': 'no-store',
    ...headers,
  });
  res.end(body);
}

/** Answers with an error. The text goes to the caller: no token, secret or claim. */
export function answerError(
  res: ServerResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  answerJson(res, status, { error: text }, headers);
}
