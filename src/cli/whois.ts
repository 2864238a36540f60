/** `usher whois`: finds the access token that something belongs to. */

import type { Command } from 'commander';
import { lookup } from '../api/explain.ts';
import { type Context, connect, optionsOf, readStdin } from './context.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { foundId } from './found-id.ts';
import { askHidden } from './hidden-input.ts';
import { idPrefix } from './option-values.ts';
import { outJson } from './terminal.ts';
import { outToken } from './token-output.ts';

/** Most bytes read from the standard input; the server has its own limit. */
const stdinBytesMax = 1_048_576;

/** Adds the command. It calls `exit` with 0 if something was found and 1 otherwise. */
export function addWhoisCommand(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  program
    .command('whois')
    .description(
      'find the access token of a token, a part of one, a JWT, a kid, a secret key, or a revoked ' +
        'jti or subject, read from the standard input; exit code 1 if there is none',
    )
    .argument(
      '[id]',
      'a UUID or its first characters; all else can be secret, and is read or prompted for',
    )
    .action(async (given: string | undefined, _, self: Command) => {
      const options = optionsOf(self);
      if (given !== undefined && !isIdPrefix(given)) {
        throw new UsageError(
          'only a UUID or its first characters can be an argument, since others can see ' +
            'arguments: pipe the rest in',
        );
      }
      const typed = given === undefined ? await pasted(context) : '';
      if (given === undefined && typed.trim() === '') throw new UsageError(nothingGiven);
      const admin = connect(context, options);
      const text = given === undefined ? typed : await foundId(admin, idPrefix(given));
      const matches = await lookup(admin, text);
      const { terminal } = context;
      if (options.json) outJson(terminal, { matches });
      else if (matches.length === 0) terminal.note(nothingFound);
      for (const { matchedBy, accessToken } of options.json ? [] : matches) {
        terminal.out(terminal.colors.green(meanings[matchedBy] ?? matchedBy));
        outToken(terminal, accessToken);
      }
      exit(matches.length > 0 ? exitCodes.ok : exitCodes.refused);
    });
}

const nothingGiven =
  'nothing was given: pipe in a token, a JWT, a kid, a secret key, a jti or a subject, as in ' +
  'printf %s "$API_TOKEN" | usher whois';
const nothingFound =
  'no access token was found; of a token at least the first 26 characters are needed, of a JWT ' +
  'its header';

/** What the text is of the access token that was found. */
const meanings: Record<string, string> = {
  id: 'this is the id of an access token',
  'current secret': 'this is a token or JWT of its current secret',
  'previous secret':
    'this is a token or JWT of its previous secret, which is valid until its grace ends',
  part: 'this names the access token, but would be refused: it is incomplete, old or forged',
  'secret key': 'this is its secret key',
  'revoked jti': 'this is a jti that it revoked',
  'revoked subject': 'this is a subject that it revoked',
};

/** What is piped in, or pasted at a prompt that shows nothing of it. */
async function pasted(context: Context): Promise<string> {
  if (!context.stdin.isTTY) return await readStdin(context, stdinBytesMax);
  return await askHidden(context, 'Paste it and press Enter. It is not shown.');
}

function isIdPrefix(text: string): boolean {
  try {
    idPrefix(text);
    return true;
  } catch {
    return false;
  }
}
