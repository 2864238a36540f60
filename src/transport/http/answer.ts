/** Writes HTTP responses: JSON, not cacheable, errors always as `{"error": "…"}`. */

import type { OutgoingHttpHeader, OutgoingHttpHeaders } from 'node:http';
import type { HttpResponse } from './message.ts';

/** Answers with a JSON value. */
export function answerJson(
  res: HttpResponse,
  status: number,
  value: unknown,
  headers: OutgoingHttpHeaders = {},
): void {
  answerText(res, status, JSON.stringify(value), headers);
}

/** Answers with text that is already JSON. */
function answerText(
  res: HttpResponse,
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

/** Headers of a JSON text, as alternating names and values, which node:http writes fastest. */
export function headersOf(body: string): string[] {
  const length = String(Buffer.byteLength(body));
  const type = ['Content-Type', 'application/json', 'Content-Length', length];
  return [...type, 'Cache-Control', 'no-store'];
}

/** The Retry-After header, in whole seconds, of a refusal that ends by itself; nothing otherwise. */
export function retryAfterOf({ retryAfterMs }: { retryAfterMs?: number }): OutgoingHttpHeaders {
  if (retryAfterMs === undefined) return {};
  return { 'Retry-After': Math.max(1, Math.ceil(retryAfterMs / 1000)) };
}

/** Answers with an error. The caller sees the text: no token, secret or claim. */
export function answerError(
  res: HttpResponse,
  status: number,
  text: string,
  headers: OutgoingHttpHeaders = {},
): void {
  answerJson(res, status, { error: text }, headers);
}
