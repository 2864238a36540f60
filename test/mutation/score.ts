/** Judges the mutants of a run: which of them no test noticed, and whether that is known and fine. */

import type { Equivalent } from './equivalent.ts';

/** A change of the code that was tried. */
export interface Mutant {
  /** From the root of the repository. */
  path: string;
  /** From 1. */
  lineNumber: number;
  /** The line in which the changed part begins, without its indentation. */
  line: string;
  /** The changed part, and what took its place, each in one line and cut to `textMax` characters. */
  from: string;
  to: string;
  status: 'noticed' | 'unnoticed' | 'not compared';
}

/** Longest text of a change that is kept, in characters. */
const textMax = 80;

/** A text in one line, cut. */
export function short(text: string): string {
  return text.replaceAll(/\s+/g, ' ').trim().slice(0, textMax);
}

/** What the mutants of one file, or of all, say. */
interface Score {
  noticed: number;
  unnoticed: number;
  /** Percent of those that were noticed, without equivalent ones; 100 for no mutants. */
  percent: number;
}

/** The outcome of a run. */
export interface Outcome {
  total: Score;
  byPath: ReadonlyMap<string, Score>;
  /** Neither noticed nor listed as equivalent. */
  survivors: readonly Mutant[];
  /** Listed, although the tests notice them or the code is another by now. */
  obsolete: readonly Equivalent[];
}

/** Compares the mutants of these files with the list of equivalent ones. */
export function judgeMutants(
  mutants: readonly Mutant[],
  equivalents: readonly Equivalent[],
): Outcome {
  const isListed = (mutant: Mutant) => equivalents.some(each => isSame(each, mutant));
  const unnoticed = mutants.filter(({ status }) => status === 'unnoticed');
  const survivors = unnoticed.filter(mutant => !isListed(mutant));
  const scoreOf = (isIn: (mutant: Mutant) => boolean): Score => {
    const noticed = mutants.filter(each => each.status === 'noticed' && isIn(each)).length;
    const missed = survivors.filter(isIn).length;
    const percent = noticed + missed === 0 ? 100 : (100 * noticed) / (noticed + missed);
    return { noticed, unnoticed: missed, percent };
  };
  const paths = [...new Set(mutants.map(({ path }) => path))].sort();
  return {
    total: scoreOf(() => true),
    byPath: new Map(paths.map(path => [path, scoreOf(mutant => mutant.path === path)])),
    survivors,
    obsolete: equivalents.filter(
      each => paths.includes(each.path) && !unnoticed.some(mutant => isSame(each, mutant)),
    ),
  };
}

function isSame(a: Omit<Equivalent, 'why'>, b: Omit<Equivalent, 'why'>): boolean {
  return a.path === b.path && a.line === b.line && a.from === b.from && a.to === b.to;
}
