/** `usher log`: shows and changes the level of the log of a running server. */

import { Argument, type Command } from 'commander';
import { logLevel, setLogLevel } from '../api/log.ts';
import { logLevels } from '../settings/logs.ts';
import { type Context, connect, optionsOf } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { outJson } from './terminal.ts';

/** Adds the commands. `exit` takes the exit code of workers that do not have the new level. */
export function addLogCommands(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  const { terminal } = context;
  program
    .command('log')
    .description('look after the log of the server that answers')
    .command('level')
    .description('show the level of the log, or change it until the next restart')
    .addArgument(new Argument('[level]', 'the new level').choices([...logLevels]))
    .action(async (level: string | undefined, _: object, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      if (level === undefined) {
        const shown = await logLevel(admin);
        if (options.json) return outJson(terminal, shown);
        const { level: current, configured } = shown;
        terminal.out(
          current === configured ? current : `${current} (USHER_LOG_LEVEL is ${configured})`,
        );
        return;
      }
      const { previous, waitsFor } = await setLogLevel(admin, level);
      if (options.json) outJson(terminal, { level, previous, waitsFor });
      else terminal.out(`the log has the level ${level} now; it was ${previous}`);
      if (waitsFor.length === 0) return;
      terminal.note(`not confirmed by ${waitsFor.join(', ')}: repeat the command`);
      exit(exitCodes.refused);
    });
}
