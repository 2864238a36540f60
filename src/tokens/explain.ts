/** Explains verdicts to administrators. */

import type { Explain, Explained } from '../verify/explain.ts';
import type { Question } from '../verify/verify.ts';
import { adminScope, type Caller, demand, isVisible } from './caller.ts';

/** Explains the verdict on a question. Throws TokenError or Unavailable. */
export type ExplainTo = (caller: Caller, question: Question) => Promise<Explained>;

/** Creates it. To a caller with an owner, access tokens of others do not exist. */
export function createExplainTo(explain: Explain): ExplainTo {
  return async (caller, question) => {
    demand(caller, adminScope);
    return await explain(question, record => isVisible(caller, record));
  };
}
