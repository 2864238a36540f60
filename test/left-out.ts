/** Says which test files a run leaves out because a program is missing, at its start and its end. */

import type { Reporter, Vitest } from 'vitest/node';
import { lineOf } from './programs.ts';
import type { LeftOut } from './projects.ts';

/** Creates the reporter, which lists only files of the projects that run. */
export function reportLeftOut(leftOut: readonly LeftOut[]): Reporter {
  let text = '';
  return {
    onInit(vitest: Vitest) {
      const running = vitest.projects.map(({ name }) => name);
      text = leftOutText(leftOut.filter(({ project }) => running.includes(project)));
      say(text);
    },
    onTestRunEnd: () => say(text),
  };
}

/** The text of the report; empty if no file is left out. */
export function leftOutText(leftOut: readonly LeftOut[]): string {
  if (leftOut.length === 0) return '';
  const missing = new Set(leftOut.flatMap(file => file.missing));
  const lines = [...new Set([...missing].map(lineOf))];
  return [
    `LEFT OUT: ${leftOut.length} test files cannot run here, because programs are missing.`,
    ...leftOut.map(file => `  ${file.path}: ${file.missing.join(', ')}`),
    `To run them: ${lines.join(' && ')}`,
  ].join('\n');
}

function say(text: string): void {
  if (text !== '') console.error(`\n${text}\n`);
}
