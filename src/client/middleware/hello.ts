/** The greeting for a valid token, as at Usher's root path, for any service. */

import { UsherUnavailable } from '../unavailable.ts';
import type { Usher } from '../usher.ts';
import {
  answer,
  authorizationOf,
  type SourceOption,
  sourceOf,
  type WebRequest,
  type WebResponse,
} from './express.ts';
import { refusalOf, unknownRefusal } from './refusal.ts';

/** The greeting, with the time in UTC to the second. */
export function greeting(nowMs: number = Date.now()): { message: string; time: string } {
  return { message: 'Oh, Hello', time: `${new Date(nowMs).toISOString().slice(0, 19)}Z` };
}

/**
 * A handler for node:http, Express and others that answers `{"message":"Oh, Hello","time":"…"}`
 * to a valid token.
 *
 * @example
 * app.get('/', hello(usher));
 */
export function hello(
  usher: Usher,
  now: () => number = Date.now,
  { source = sourceOf }: SourceOption<WebRequest> = {},
) {
  return async (req: WebRequest, res: WebResponse): Promise<void> => {
    const header = authorizationOf(req);
    try {
      const verdict = await usher.verify(header, { source: source(req) });
      if (!verdict.valid) return answer(res, refusalOf(verdict, header));
      const headers = { 'Content-Type': 'application/json', 'Cache-Control': 'no-store' };
      answer(res, { status: 200, headers, body: JSON.stringify(greeting(now())) });
    } catch (error) {
      if (!(error instanceof UsherUnavailable)) throw error;
      answer(res, unknownRefusal());
    }
  };
}
