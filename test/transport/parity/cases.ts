/** All parity cases: every door must give the same verdict for each case. */

import type { ParityCase } from './case.ts';
import { audienceCases, claimCases } from './claim-cases.ts';
import { headerCases, staticCases } from './header-cases.ts';
import { hostileCases, revocationCases } from './hostile-cases.ts';
import { importCases } from './import-cases.ts';

/** All cases. */
export const parityCases: ParityCase[] = [
  ...headerCases,
  ...staticCases,
  ...importCases,
  ...claimCases,
  ...audienceCases,
  ...revocationCases,
  ...hostileCases,
];
