/** What can be entered at each place of the command line, read from the commands themselves. */

import type { Argument, Command, Option } from 'commander';
import { idOrName, idPrefix } from '../option-values.ts';

/** What completes a value: some words, ids of access tokens, files, or nothing. */
export type Value = { words: readonly string[] } | 'ids' | 'files' | 'nothing';

/** A command, or a group of commands. */
export interface Place {
  /** Its words, such as "usher token list". */
  path: string;
  /** The commands of a group. */
  commands: { name: string; text: string }[];
  options: { flag: string; text: string; value: Value | undefined }[];
  /** The values of its arguments, in order. */
  values: Value[];
}

/** All places of a program, the program itself first; hidden commands are left out. */
export function placesOf(program: Command): Place[] {
  return placesIn(program, program.name(), optionsOf(program));
}

function placesIn(command: Command, path: string, globals: Place['options']): Place[] {
  const commands = command.createHelp().visibleCommands(command);
  const own = command.parent === null ? [] : optionsOf(command);
  const names = new Set(own.map(({ flag }) => flag));
  const place: Place = {
    path,
    commands: commands.map(each => ({ name: each.name(), text: each.description() })),
    options: [...own, ...globals.filter(({ flag }) => !names.has(flag))],
    values: command.registeredArguments.map(completedBy),
  };
  const inner = commands.flatMap(each => placesIn(each, `${path} ${each.name()}`, globals));
  return [place, ...inner];
}

function optionsOf(command: Command): Place['options'] {
  return command
    .createHelp()
    .visibleOptions(command)
    .flatMap(option => {
      const { long, description: text, required, optional } = option;
      return long
        ? [{ flag: long, text, value: required || optional ? completedBy(option) : undefined }]
        : [];
    });
}

/** The words of a value are those that its parser takes. */
function completedBy(of: Option | Argument): Value {
  const { parseArg, argChoices } = of;
  if (argChoices !== undefined) return { words: argChoices };
  const words = parseArg !== undefined && 'words' in parseArg ? parseArg.words : undefined;
  if (Array.isArray(words)) return { words };
  if (parseArg === idPrefix || parseArg === idOrName) return 'ids';
  const name = 'flags' in of ? of.flags : of.name();
  return /file|folder/.test(name) ? 'files' : 'nothing';
}
