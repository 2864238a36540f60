/** Middleware for Express, Connect, Polka and whatever else calls `(req, res, next)`. */

import { UsherUnavailable } from '../unavailable.ts';
import type { Requirement, Usher } from '../usher.ts';
import type { Identity } from '../usher-verdict.ts';
import { type Refusal, refusalOf, unknownRefusal } from './refusal.ts';

/** What is used of a request: Node's own is one. */
export interface WebRequest {
  headers: { authorization?: string | undefined };
  headersDistinct?: { authorization?: string[] | undefined };
  /** Who is asking; set by the middleware before the next handler. */
  identity?: Identity;
}

/** What is used of a response: Node's own is one. */
export interface WebResponse {
  writeHead(status: number, headers: Record<string, string>): unknown;
  end(body: string): unknown;
}

/**
 * Lets good tokens pass, and says who is asking in `req.identity`.
 *
 * @example
 * app.use(expressAuth(usher));
 * app.get('/orders', expressAuth(usher, { scopes: ['orders.read'] }), (req, res) => {
 *   res.json(ordersOf(req.identity.owner));
 * });
 */
export function expressAuth(usher: Usher, requirement: Requirement = {}) {
  return (req: WebRequest, res: WebResponse, next: (error?: unknown) => void): void => {
    delete req.identity;
    usher.verify(authorizationOf(req), requirement).then(
      verdict => {
        if (!verdict.valid) return answer(res, refusalOf(verdict));
        req.identity = verdict.identity;
        next();
      },
      error => {
        if (error instanceof UsherUnavailable) answer(res, unknownRefusal());
        else next(error);
      },
    );
  };
}

/** The Authorization header. Several are joined by a comma, which no credential holds. */
export function authorizationOf({ headers, headersDistinct }: WebRequest): string {
  // Node keeps but the first of several in `headers`.
  return headersDistinct?.authorization?.join(', ') ?? headers.authorization ?? '';
}

/** Answers a refusal. */
export function answer(res: WebResponse, { status, headers, body }: Refusal): void {
  res.writeHead(status, headers);
  res.end(body);
}
