/** Shows and changes the level of the log: who may do so, and its entry in the audit log. */

import type { Audit } from './audit.ts';
import { byCaller } from './audit-names.ts';
import { adminScope, type Caller, demand, demandNoOwner } from './caller.ts';
import { TokenError } from './errors.ts';

/** The level of the log of this server, with its workers. */
export interface LogLevels {
  /** All levels. */
  readonly all: readonly string[];
  /** The present one. */
  current(): string;
  /** That of the setting. */
  readonly configured: string;
  /** Changes it to one of them; resolves to the workers that did not confirm it. */
  change(level: string): Promise<string[]>;
}

/** Operations on the level. Both need the scope usher.admin, and no owner; they throw TokenError. */
export interface LogCustody {
  show(caller: Caller): { level: string; configured: string };
  /** Throws Unavailable when the audit log cannot note it; then the level is as before. */
  change(caller: Caller, level: string): Promise<{ previous: string; waitsFor: string[] }>;
}

/** Creates it. */
export function createLogCustody(levels: LogLevels, audit: Pick<Audit, 'add'>): LogCustody {
  return {
    show(caller) {
      demandWhole(caller, 'see the level of the log');
      return { level: levels.current(), configured: levels.configured };
    },
    async change(caller, level) {
      demandWhole(caller, 'change the level of the log');
      if (!levels.all.includes(level)) {
        const description = `must be one of ${levels.all.join(', ')}`;
        const violations = [{ field: 'level', description }];
        throw new TokenError('INVALID_ARGUMENT', `level ${description}`, violations);
      }
      const previous = levels.current();
      // First, so that a log that falls silent cannot hide who did it.
      await audit.add({
        ...{ action: 'log.level', ...byCaller(caller) },
        detail: `from ${previous} to ${level}`,
      });
      return { previous, waitsFor: await levels.change(level) };
    },
  };
}

function demandWhole(caller: Caller, what: string): void {
  demand(caller, adminScope);
  demandNoOwner(caller, what);
}
