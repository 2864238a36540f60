/** The decision: header → credential → record → verdict. */

import type { Verdict } from './verdict.ts';

/** What is asked of the verifier. */
export interface Question {
  /** The value of the Authorization header; "" when there was none. */
  header: string;
  /** The audience that the token must be meant for; "" or absent asks for none. */
  audience?: string;
  /** Scopes that the token must have, all of them. */
  requiredScopes?: readonly string[];
}

/** Gives the verdict. Throws Unavailable when it cannot be known. */
export type Verify = (question: Question) => Promise<Verdict>;
