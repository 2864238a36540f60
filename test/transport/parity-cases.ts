/** The parity file: every door must come to the same verdict for each case. */

import type { ParityCase } from './parity-case.ts';
import { audienceCases, claimCases } from './parity-claim-cases.ts';
import { headerCases, staticCases } from './parity-header-cases.ts';
import { hostileCases, revocationCases } from './parity-hostile-cases.ts';
import { importCases } from './parity-import-cases.ts';

/** All of them. */
export const parityCases: ParityCase[] = [
  ...headerCases,
  ...staticCases,
  ...importCases,
  ...claimCases,
  ...audienceCases,
  ...revocationCases,
  ...hostileCases,
];
