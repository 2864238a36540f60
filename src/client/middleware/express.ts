/** Middleware for Express and other frameworks that call `(req, res, next)`. */

import { UsherUnavailable } from '../unavailable.ts';
import type { Requirement, Usher } from '../usher.ts';
import type { Identity } from '../usher-verdict.ts';
import { setIdentity } from './identity.ts';
import { type Refusal, refusalOf, unknownRefusal } from './refusal.ts';

/** The used part of Node's request. */
export interface WebRequest {
  headers: { authorization?: string | undefined };
  /** All values of repeated headers, which Node provides. */
  headersDistinct?: { authorization?: string[] | undefined };
  /** The client's address, which Express finds by its setting `trust proxy`. */
  ip?: string | undefined;
  /** The connection, of which the address is used where the framework has no `ip`. */
  socket?: { remoteAddress?: string | undefined } | undefined;
  /** The caller; set by the middleware before the next handler. */
  identity?: Identity;
}

/** Where a middleware finds the address from which a token was used. */
export interface SourceOption<Request> {
  /** The address; undefined when it is not known. What is no IP address counts as not known. */
  source?(request: Request): string | undefined;
}

/** The used part of Node's response. */
export interface WebResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/**
 * Lets requests with a valid token pass, and sets `req.identity`, which TypeScript gets by
 * `identityOf(req)`. Answers others with the verdict's
 * status, and with 503 when there is no verdict.
 *
 * @example
 * app.use(expressAuth(usher));
 * app.get('/orders', expressAuth(usher, { scopes: ['orders.read'] }), (req, res) => {
 *   res.json(ordersOf(identityOf(req).owner));
 * });
 */
export function expressAuth(
  usher: Usher,
  requirement: Requirement = {},
  { source = sourceOf }: SourceOption<WebRequest> = {},
) {
  return (req: WebRequest, res: WebResponse, next: (error?: unknown) => void): void => {
    delete req.identity;
    setIdentity(req, undefined);
    const header = authorizationOf(req);
    usher.verify(header, { ...requirement, source: source(req) }).then(
      verdict => {
        if (!verdict.valid) return answer(res, refusalOf(verdict, header));
        req.identity = verdict.identity;
        setIdentity(req, verdict.identity);
        next();
      },
      error => {
        if (error instanceof UsherUnavailable) answer(res, unknownRefusal());
        else next(error);
      },
    );
  };
}

/** The client's address as the framework knows it; else that of the connection. */
export function sourceOf({ ip, socket }: WebRequest): string | undefined {
  return ip ?? socket?.remoteAddress;
}

/** The Authorization header. Repeated ones are joined by a comma, which makes them invalid. */
export function authorizationOf({ headers, headersDistinct }: WebRequest): string {
  // `headers` contains only the first of repeated ones.
  return headersDistinct?.authorization?.join(', ') ?? headers.authorization ?? '';
}

/** Answers a refusal. */
export function answer(res: WebResponse, { status, headers, body }: Refusal): void {
  res.writeHead(status, headers);
  res.end(body);
}
