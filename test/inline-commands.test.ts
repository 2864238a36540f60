/** The commands that the documents name within a sentence are there, with the options that they are given. */

import { globSync, readFileSync } from 'node:fs';
import { PassThrough } from 'node:stream';
import type { Command } from 'commander';
import { expect, test } from 'vitest';
import { buildProgram } from '../src/cli/program.ts';
import { openTerminal } from '../src/cli/terminal.ts';

const program = buildProgram(
  {
    ...{ env: {}, terminal: openTerminal(process, {}), now: () => 0 },
    stdin: new PassThrough() as unknown as NodeJS.ReadStream,
    ...{ serve: async () => undefined, restore: async () => ({ problem: '' }) },
    checkBackup: async () => ({ problem: '' }),
  },
  () => undefined,
  false,
);

const pages = ['README.md', 'SECURITY.md', ...globSync('{docs,deploy}/**/*.md')];
const named = pages.flatMap(page => {
  const prose = readFileSync(page, 'utf8').replaceAll(/^( *)```[\s\S]*?^\1```$/gm, '');
  return [...prose.matchAll(/`(usher [a-z][^`]*)`/g)].map(([, text = '']) => [page, text] as const);
});

/** The command that a text begins with, and the words after it. */
function found(words: readonly string[]): { command: Command; rest: readonly string[] } {
  let command: Command = program;
  let rest = words;
  for (;;) {
    const next = command.commands.find(each => each.name() === rest[0]);
    if (next === undefined) return { command, rest };
    command = next;
    rest = rest.slice(1);
  }
}

test('there are many', () => expect(named.length).toBeGreaterThan(100));

/** Each of the commands that a table writes as one, as in `usher jobs revoke\|rotate`. */
function each(text: string): string[] {
  const [choice] = /\S+\\\|\S+/.exec(text) ?? [''];
  return choice.split('\\|').map(one => text.replace(choice, one));
}

test.each(named)('%s: `%s`', (_, text) => {
  for (const one of each(text)) {
    const { command, rest } = found(one.split(/\s+/).slice(1));
    // Groups of commands take nothing but a command.
    if (command.commands.length > 0) expect([one, rest]).toEqual([one, []]);
    const known = [...command.options, ...program.options].map(({ long }) => long);
    for (const word of rest.filter(each => each.startsWith('--'))) expect(known).toContain(word);
  }
});
