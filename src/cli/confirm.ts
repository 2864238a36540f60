/** Asks before an act that cannot be undone. */

import { createInterface } from 'node:readline';
import type { AccessToken } from '../api/access-token.ts';
import type { Context } from './context.ts';
import { Declined } from './exit-codes.ts';
import { printable } from './terminal.ts';

/** The options of a command that asks. */
export interface ConfirmOptions {
  yes?: true;
  json?: true;
}

/** The option of a command that asks. */
export const yesOption = ['--yes', 'do not ask before it'] as const;

/** Whether a question would reach a person: scripts, `--json` and `--yes` go on without one. */
function isAsked({ stdin, terminal }: Asked, { yes, json }: ConfirmOptions): boolean {
  return !yes && !json && stdin.isTTY === true && terminal.notesRich;
}

type Asked = Pick<Context, 'stdin' | 'terminal'>;

/**
 * Asks a person at a terminal whether to go on, after telling what would be done; throws Declined
 * unless the answer is y or yes. `tell` is called only then.
 */
export async function confirm(
  asked: Asked,
  options: ConfirmOptions,
  tell: () => Promise<string>,
): Promise<void> {
  if (!isAsked(asked, options)) return;
  asked.terminal.note(`${await tell()} Go on? [y/N]`);
  const lines = createInterface({ input: asked.stdin, terminal: false });
  const answer = await new Promise<string>(resolve => {
    lines.once('line', resolve);
    lines.once('close', () => resolve(''));
  }).finally(() => lines.close());
  if (!/^y(es)?$/i.test(answer.trim())) throw new Declined('nothing was changed');
}

/** An access token as a question names it. */
export function nameInQuestion({ name, id, owner, lastUsedTime }: AccessToken): string {
  const whose = owner === undefined ? '' : ` of ${printable(owner)}`;
  const used = lastUsedTime === undefined ? 'never used' : `last used ${lastUsedTime}`;
  return `"${printable(name)}"${whose} (${id}, ${used})`;
}
