/** `usher completion`: prints a script with which a shell completes the commands of usher. */

import type { Command } from 'commander';
import { listTokens } from '../api/list-tokens.ts';
import { bashScript } from './completion/bash.ts';
import { fishScript } from './completion/fish.ts';
import { type Place, placesOf } from './completion/places.ts';
import { zshScript } from './completion/zsh.ts';
import { type Context, connect, optionsOf } from './context.ts';
import { word } from './option-values.ts';
import { printable } from './terminal.ts';

const shells = ['bash', 'zsh', 'fish'] as const;
const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript } satisfies Record<
  (typeof shells)[number],
  (places: readonly Place[]) => string
>;
/** Most ids that a shell offers. */
const idsMax = 50;
/** A shell that waits is a nuisance; in seconds. */
const secondsMax = 3;

const help = `
  bash   echo 'source <(usher completion bash)' >>~/.bashrc
  zsh    echo 'source <(usher completion zsh)' >>~/.zshrc    (after compinit)
  fish   usher completion fish >~/.config/fish/completions/usher.fish

Where an id is asked for, the shell asks the server: the first characters of an id complete to it, and so
does a part of a name, an owner or a scope.`;

/** Adds the command, and the one that its scripts call for ids. */
export function addCompletionCommands(program: Command, context: Context): void {
  program
    .command('completion')
    .description('print a script with which a shell completes commands, options and ids')
    .argument('<shell>', shells.join(', '), word(shells))
    .addHelpText('after', help)
    .action((shell: (typeof shells)[number]) => {
      context.terminal.out(scripts[shell](placesOf(program)).trimEnd());
    });
  program
    .command('complete-ids', { hidden: true })
    .description('list ids and names of access tokens, for the scripts of usher completion')
    .argument('[text]', 'a part of the id, name, owner or a scope', '')
    .action(async (text: string, _, self: Command) => {
      const { timeout, ...options } = optionsOf(self);
      const admin = connect(context, { ...options, timeout: Math.min(timeout, secondsMax) });
      const filter = { text, sort: 'newest' } as const;
      for await (const { id, name } of listTokens(admin, filter, idsMax)) {
        context.terminal.out(`${id}\t${printable(name)}`);
      }
    });
}
