/** Finds a program for a test. Test files that import this one, directly or not, need programs. */

import { findProgram, lineOf, type ProgramName } from './programs.ts';

/** The path of a program. If it is missing, throws an error with the line that installs it. */
export function program(name: ProgramName): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is missing; this installs it: ${lineOf(name)}`);
  return path;
}
