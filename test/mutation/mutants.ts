/** What Stryker says of a mutant, in the words of `score.ts`. */

import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import type { Stryker } from '@stryker-mutator/core';
import { type Mutant, short } from './score.ts';

const root = resolve(import.meta.dirname, '../..');

/** Stryker's result of a mutant. */
export type Result = Awaited<ReturnType<Stryker['runMutationTest']>>[number];

/** Reads it. */
export function asMutant(result: Result): Mutant {
  const { start, end } = result.location;
  const lines = readFileSync(result.fileName, 'utf8').split('\n');
  const part = lines.slice(start.line - 1, end.line);
  part[part.length - 1] = (part.at(-1) ?? '').slice(0, end.column - 1);
  part[0] = (part[0] ?? '').slice(start.column - 1);
  return {
    path: relative(root, result.fileName),
    lineNumber: start.line,
    line: (lines[start.line - 1] ?? '').trim(),
    from: short(part.join('\n')),
    to: short(result.replacement ?? ''),
    status: statusOf(result),
  };
}

/** A change that is no program, or breaks what runs the tests, counts for nothing. */
function statusOf({ status }: Result): Mutant['status'] {
  if (status === 'Killed' || status === 'Timeout') return 'noticed';
  return status === 'Survived' || status === 'NoCoverage' ? 'unnoticed' : 'not compared';
}
