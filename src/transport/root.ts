/** The root path: `GET /` greets a good token. */

import type { IncomingMessage, ServerResponse } from 'node:http';
import { Unavailable } from '../store/store.ts';
import { reasons } from '../verify/verdict.ts';
import type { Verify } from '../verify/verify.ts';
import { answerError, answerJson } from './answer.ts';
import { unavailableText } from './errors.ts';
import { hello } from './hello.ts';
import type { Route } from './router.ts';
import type { OnVerdict } from './verifier.ts';
import { challengeOf } from './www-authenticate.ts';

/** What the root path needs. */
export interface RootDeps {
  verify: Verify;
  now(): number;
  onVerdict?: OnVerdict;
}

/** The route of the root path, for browsers too. */
export function rootRoute({ verify, now, onVerdict }: RootDeps): Route {
  const handle = async (req: IncomingMessage, res: ServerResponse) => {
    try {
      // Several are joined by a comma, which no credential holds.
      const verdict = await verify({ header: req.headers.authorization ?? '' });
      onVerdict?.(verdict, 'root');
      if (verdict.valid) return answerJson(res, 200, hello(now()));
      const { http, text } = reasons[verdict.reason];
      const challenge = challengeOf(verdict.reason);
      answerError(res, http, text, challenge ? { 'WWW-Authenticate': challenge } : {});
    } catch (error) {
      if (!(error instanceof Unavailable)) throw error;
      answerError(res, 503, unavailableText, { 'Retry-After': 1 });
    }
  };
  return { path: '/', methods: ['GET', 'HEAD'], cors: true, handle };
}
