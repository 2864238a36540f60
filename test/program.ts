/** Looks up a program for a test. A test file that reaches this one by imports needs programs. */

import { findProgram, lineOf, type ProgramName } from './programs.ts';

/** The path of a program. Throws an error that names it and the line that installs it. */
export function program(name: ProgramName): string {
  const path = findProgram(name);
  if (path === undefined) throw new Error(`${name} is missing; this installs it: ${lineOf(name)}`);
  return path;
}
