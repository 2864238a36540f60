/** Answers of the HTTP doors: JSON, never kept by anyone, errors always `{"error": "…"}`. */

import type { OutgoingHttpHeader, OutgoingHttpHeaders, ServerResponse } from 'node:http';

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
function answerText(
  res: ServerResponse,
  status: number,
  body: string,
  headers: OutgoingHttpHeaders = {},
): void {
  const all: OutgoingHttpHeader[] = headersOf(body);
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) all.push(name, value);
  }
  res.writeHead(status, all).end(body);
}

/** The headers that go with a JSON text, names and values in turn: node:http takes them fastest so. */
export function headersOf(body: string): string[] {
  const length = String(Buffer.byteLength(body));
  const type = ['Content-Type', 'application/json', 'Content-Length', length];
  return [...type, 'Cache-Control', 'no-store'];
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
