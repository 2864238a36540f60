/** Explains a verdict: the same decision, with each of its steps. */

import type { AccessTokenRecord } from '../store/record.ts';
import type { Step } from './trace.ts';
import type { Verdict } from './verdict.ts';
import { createDecision, type Question, type VerifyDeps } from './verify.ts';

/** A verdict with the steps that led to it. */
export interface Explained {
  verdict: Verdict;
  /** In order, up to the one that failed. */
  steps: readonly Step[];
}

/**
 * Explains the verdict on a question to someone who may see the access tokens that `canSee` names;
 * others don't exist for them. The proof is made again, whatever is cached. Throws Unavailable.
 */
export type Explain = (
  question: Question,
  canSee: (record: AccessTokenRecord) => boolean,
) => Promise<Explained>;

/** Creates it. */
export function createExplain(deps: Omit<VerifyDeps, 'proofs'>): Explain {
  const { proveHeader, judgeNow } = createDecision(deps);
  return async (question, canSee) => {
    const steps: Step[] = [];
    const trace = (check: Step['check'], passed: boolean, detail: string) =>
      void steps.push({ check, passed, detail });
    const proven = await proveHeader(question.header, undefined, { trace, canSee });
    const verdict = 'reason' in proven ? proven : judgeNow(proven, question, trace);
    return { verdict, steps };
  };
}
