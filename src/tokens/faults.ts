/** Collects what is wrong with a request, so that its caller learns all of it at once. */

import { TokenError, type Violation } from './errors.ts';

/** An INVALID_ARGUMENT error: the field and what is wrong with it. */
export function invalid(field: string, description: string): TokenError {
  return refusal([{ field, description }]);
}

/** What is wrong with a request, of which each part is read or checked on its own. */
export class Faults {
  readonly #found: Violation[] = [];

  /** Whether anything is wrong so far. */
  get any(): boolean {
    return this.#found.length > 0;
  }

  /** What `work` returns; undefined when it throws INVALID_ARGUMENT, which is kept. */
  read<T>(work: () => T): T | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof TokenError) || error.violations.length === 0) throw error;
      this.#found.push(...error.violations.filter(each => !this.#names(each.field)));
      return undefined;
    }
  }

  /** Throws one INVALID_ARGUMENT for all that was kept, or nothing. */
  end(): void {
    if (this.any) throw refusal(this.#found);
  }

  /** A field is named once, for what was found first. */
  #names(field: string): boolean {
    return this.#found.some(each => each.field === field);
  }
}

/** Makes all checks, and throws one INVALID_ARGUMENT for all that they throw. */
export function checkAll(...checks: readonly (() => unknown)[]): void {
  const faults = new Faults();
  for (const check of checks) faults.read(check);
  faults.end();
}

function refusal(violations: readonly Violation[]): TokenError {
  const text = violations.map(({ field, description }) => `${field}: ${description}`).join('; ');
  return new TokenError('INVALID_ARGUMENT', text, violations);
}
