/** A reporter of Stryker: prints what no test noticed as soon as it is known, since runs are long. */

import { equivalents } from './equivalent.ts';
import { asMutant, type Result } from './mutants.ts';
import { judgeMutants } from './score.ts';

class Unnoticed {
  onMutantTested(result: Result): void {
    for (const { path, lineNumber, line, from, to } of judgeMutants([asMutant(result)], equivalents)
      .survivors) {
      process.stdout.write(`${path}:${lineNumber}\n  ${JSON.stringify({ line, from, to })}\n`);
    }
  }
}

/** What Stryker looks for in a plug-in. */
export const strykerPlugins = [{ kind: 'Reporter', name: 'unnoticed', injectableClass: Unnoticed }];
