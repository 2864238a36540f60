/** Refuses what a command would ignore: options that are given twice, or that have no effect on it. */

import type { Command, Option } from 'commander';
import { type Environment, SettingsError, unknownNames } from '../settings/config.ts';
import { UsageError } from './exit-codes.ts';

/** Commands that make no call, so that a timeout has no effect. */
const callless = ['serve', 'restore', 'config', 'settings', 'completion'];
/** Commands that report all mistakes in the settings themselves, or explain them. */
const readsSettings = ['serve', 'restore', 'settings'];

/** Adds the checks to a program with all its commands. */
export function refuseIgnored(program: Command, env: Environment): void {
  refuseRepeated(program);
  program.hook('preAction', (_, action) => {
    const name = action.name();
    const isTimed = program.getOptionValueSource('timeout') === 'cli';
    if (isTimed && callless.includes(name)) {
      throw new UsageError(`\`usher ${name}\` makes no call: leave out --timeout`);
    }
    if (name === 'serve' && program.opts<{ json?: true }>().json) {
      throw new UsageError('`usher serve` has no result; its log is JSON: leave out --json');
    }
    const mistakes = readsSettings.includes(name) ? [] : unknownNames(env);
    if (mistakes.length > 0) throw new SettingsError(mistakes);
  });
}

function refuseRepeated(command: Command): void {
  for (const option of command.options.filter(takesOneValue)) {
    let isGiven = false;
    command.on(`option:${option.name()}`, () => {
      if (isGiven) throw new UsageError(`${option.long} is given twice: leave one out`);
      isGiven = true;
    });
  }
  for (const each of command.commands) refuseRepeated(each);
}

/** A parser with two parameters collects values, and so does an option that takes several. */
function takesOneValue({ required, variadic, parseArg }: Option): boolean {
  return required && !variadic && (parseArg?.length ?? 0) < 2;
}
