/** Lets browsers of other origins call the root path and the rpcs (Fetch standard, CORS). */

import type { IncomingMessage, ServerResponse } from 'node:http';

/** Who may call. */
export interface CorsSettings {
  /** Allowed origins, or "*" for every one. Never with cookies: tokens are sent by hand. */
  origins: readonly string[] | '*';
  /** How long a browser may remember what a preflight allowed. */
  preflightSeconds: number;
}

/** What browsers may send to the root path and over Connect and gRPC-Web. */
const allowedHeaders = [
  'Authorization',
  'Content-Type',
  'Connect-Protocol-Version',
  'Connect-Timeout-Ms',
  'Grpc-Timeout',
  'X-Grpc-Web',
  'X-User-Agent',
].join(', ');

/** What scripts may read: gRPC-Web's status, and why a token was refused. */
const exposedHeaders = [
  'Grpc-Status',
  'Grpc-Message',
  'Grpc-Status-Details-Bin',
  'WWW-Authenticate',
].join(', ');

/** Adds the headers that let the browser show the answer to its script. */
export function allowOrigin(req: IncomingMessage, res: ServerResponse, cors: CorsSettings): void {
  const { origin } = req.headers;
  if (cors.origins === '*') {
    // Others than browsers send no Origin, and have no use for the answer.
    if (origin === undefined) return;
    res.setHeader('Access-Control-Allow-Origin', '*');
  } else {
    res.setHeader('Vary', 'Origin');
    if (origin === undefined || !cors.origins.includes(origin)) return;
    res.setHeader('Access-Control-Allow-Origin', origin);
  }
  res.setHeader('Access-Control-Expose-Headers', exposedHeaders);
}

/** Whether a request is a browser asking if it may call. */
export function isPreflight(req: IncomingMessage): boolean {
  return (
    req.method === 'OPTIONS' &&
    req.headers.origin !== undefined &&
    req.headers['access-control-request-method'] !== undefined
  );
}

/** Answers a preflight; one of a foreign origin gets no permission. */
export function answerPreflight(
  req: IncomingMessage,
  res: ServerResponse,
  cors: CorsSettings,
  methods: readonly string[] | 'any',
): void {
  allowOrigin(req, res, cors);
  if (res.hasHeader('Access-Control-Allow-Origin')) {
    res.setHeader('Access-Control-Allow-Methods', methods === 'any' ? '*' : methods.join(', '));
    res.setHeader('Access-Control-Allow-Headers', allowedHeaders);
    res.setHeader('Access-Control-Max-Age', cors.preflightSeconds);
  }
  res.writeHead(204).end();
}
