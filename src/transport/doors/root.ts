/** The root path: `GET /` greets the holder of a valid token. */

import { mapAwaitable } from '../../store/awaitable.ts';
import { Unavailable } from '../../store/store.ts';
import { type Granted, reasons, textOf, type Verdict } from '../../verify/verdict.ts';
import { answerError, headersOf, retryAfterOf } from '../http/answer.ts';
import type { HttpRequest, HttpResponse } from '../http/message.ts';
import { rateLimitFields, withRateLimit } from '../http/rate-limit-fields.ts';
import type { Route } from '../http/router.ts';
import { challengeOf } from '../http/www-authenticate.ts';
import { authorizationIn } from '../rpc/authorization.ts';
import type { DoorVerify } from '../rpc/call.ts';
import { unavailableText } from '../rpc/failure.ts';
import { hello } from '../services/hello.ts';

/** What the root path needs. */
export interface RootDeps {
  verify: DoorVerify;
  /** The address of the caller, whose own token is judged. */
  addressOf(req: HttpRequest): string;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The route of the root path; pages of other origins may call it. */
export function rootRoute({ verify, addressOf, now }: RootDeps): Route {
  const greet = createGreeter();
  const settle = (verdict: Verdict, res: HttpResponse) => {
    if (verdict.valid) return greet(res, now(), verdict);
    const header = authorizationIn(res.req.headers);
    const challenge = challengeOf({ ...verdict, header });
    const { http } = reasons[verdict.reason];
    answerError(res, http, textOf(verdict), {
      ...(challenge === undefined ? {} : { 'WWW-Authenticate': challenge }),
      ...retryAfterOf(verdict),
      ...rateLimitFields(verdict),
    });
  };
  const fail = (error: unknown, res: HttpResponse) => {
    if (!(error instanceof Unavailable)) throw error;
    answerError(res, 503, unavailableText, { 'Retry-After': 1 });
  };
  const handle = (req: HttpRequest, res: HttpResponse) => {
    try {
      const question = { header: authorizationIn(req.headers), source: addressOf(req) };
      return mapAwaitable(verify(question, 'root'), settle, fail, res);
    } catch (error) {
      return fail(error, res);
    }
  };
  return { path: '/', methods: ['GET', 'HEAD'], cors: true, handle };
}

/** Answers with the greeting, which is encoded once a second. */
function createGreeter(): (res: HttpResponse, nowMs: number, verdict: Granted) => void {
  let second = Number.NaN;
  let body = '';
  let headers: string[] = [];
  return (res, nowMs, verdict) => {
    const current = Math.floor(nowMs / 1000);
    if (current !== second) {
      second = current;
      body = JSON.stringify(hello(nowMs));
      headers = headersOf(body);
    }
    res.writeHead(200, withRateLimit(headers, verdict)).end(body);
  };
}
