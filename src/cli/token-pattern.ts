/** `usher token pattern`: prints the regular expressions by which scanners find tokens. */

import type { Command } from 'commander';
import { readSetting } from '../settings/config.ts';
import { readTokenPrefix, scannerPatterns } from '../settings/token-prefix.ts';
import { Mistake } from '../settings/values.ts';
import { type Context, optionsOf } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { outJson } from './terminal.ts';

/** Adds the command. It asks no server. */
export function addTokenPattern(token: Command, context: Context): void {
  token
    .command('pattern')
    .description('print the regular expressions of tokens and secret keys, for secret scanners')
    .option('--prefix <prefix>', 'of tokens with this prefix (default: USHER_TOKEN_PREFIX, or ush)')
    .action((_, self: Command) => {
      const options = optionsOf<{ prefix?: string }>(self);
      const patterns = scannerPatterns(prefixOf(options.prefix, context));
      const { terminal } = context;
      if (options.json) return outJson(terminal, patterns);
      terminal.out(patterns.token);
      terminal.out(patterns.secretKey);
    });
}

function prefixOf(given: string | undefined, { env }: Context): string {
  if (given === undefined) return readSetting('tokenPrefix', env) ?? '';
  try {
    return readTokenPrefix(given);
  } catch (error) {
    throw error instanceof Mistake ? new UsageError(`--prefix ${error.message}`) : error;
  }
}
