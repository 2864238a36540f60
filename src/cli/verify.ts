/** `usher verify`: verifies an Authorization header. */

import type { Command } from 'commander';
import { type Explained, explain } from '../api/explain.ts';
import type { Verdict } from '../api/verifier.ts';
import { verify } from '../api/verifier.ts';
import type { Context } from './context.ts';
import { connect, optionsOf, readStdin } from './context.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { askHidden } from './hidden-input.ts';
import { several } from './option-values.ts';
import { outJson, outTable, outValues } from './terminal.ts';

interface VerifyOptions {
  env?: string;
  header?: string;
  audience?: string;
  scope?: string[];
  source?: string;
  explain?: true;
}

/** Most bytes read from the standard input; the server has the limit for headers. */
const stdinBytesMax = 1_048_576;

/** Adds the command. It calls `exit` with 0 for a valid header and 1 for a refused one. */
export function addVerifyCommand(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  program
    .command('verify')
    .description('verify an Authorization header; exit code 0 valid, 1 refused')
    // Variadic, since commander would repeat arguments that are too many.
    .argument('[-...]', 'reads the header from the standard input, as without it')
    .option('--env <name>', 'the environment variable that holds the header')
    .option('--header <value>', 'the header itself, which everyone on this machine can read')
    .option('--audience <audience>', 'the audience that it must have')
    .option('--scope <scope>', 'a scope that it must have; can be given several times', several)
    .option('--source <address>', 'the IP address from which it was used; not known without it')
    .option('--explain', 'say what each step of the decision saw')
    .action(async (given: string[], _, self: Command) => {
      const options = optionsOf<VerifyOptions>(self);
      if (given.some(word => word !== '-')) throw new UsageError(inTheOpen);
      const header = await headerOf(context, options);
      const { audience, scope: requiredScopes, source } = options;
      const asked = { header, audience, requiredScopes, source };
      const admin = connect(context, options);
      const verdict = await (options.explain ? explain : verify)(admin, asked);
      if (options.json) outJson(context.terminal, verdict);
      else if ('steps' in verdict) outExplained(context, verdict);
      else outVerdict(context, verdict);
      exit(verdict.valid ? exitCodes.ok : exitCodes.refused);
    });
}

/** A token in an argument is in the list of processes, and stays in the history of the shell. */
const inTheOpen =
  'everyone on this machine can read a token that is an argument: pipe it in, as in ' +
  'printf %s "$API_TOKEN" | usher verify, name its variable with --env API_TOKEN, enter it at the ' +
  'prompt of usher verify, or say --header';

/** The header, from where the options say, else from the standard input or a prompt. */
async function headerOf(context: Context, { env, header }: VerifyOptions): Promise<string> {
  if (env !== undefined && header !== undefined) {
    throw new UsageError('give one of --env and --header');
  }
  if (header !== undefined) return header;
  if (env === undefined) {
    const { stdin } = context;
    return stdin.isTTY ? askHidden(context, question) : readStdin(context, stdinBytesMax);
  }
  const value = context.env[env];
  if (value === undefined) throw new UsageError(`there is no environment variable ${env}`);
  return value;
}

const question = 'Authorization header, or the token alone (it is not shown):';

type Outcome = Pick<Verdict, 'valid' | 'reason' | 'message'>;

function outOutcome({ terminal }: Context, { valid, reason, message }: Outcome): void {
  const { colors } = terminal;
  terminal.out(valid ? colors.green('valid') : colors.red(`refused: ${message} (${reason})`));
}

function outExplained(context: Context, explained: Explained): void {
  const { terminal } = context;
  outOutcome(context, explained);
  const rows = explained.steps.map(({ check, passed, detail }) => {
    return [passed ? 'passed' : 'failed', check, detail];
  });
  const { green, red } = terminal.colors;
  outTable(terminal, ['', 'CHECK', 'WHAT IT SAW'], rows, (text, column) =>
    column > 0 ? text : (text === 'passed' ? green : red)(text),
  );
}

function outVerdict(context: Context, verdict: Verdict): void {
  const { terminal } = context;
  const { claims, metadata, retryAfterMs } = verdict;
  outOutcome(context, verdict);
  outValues(terminal, [
    [verdict.kind === 'jwt' ? 'kid' : 'id', verdict.tokenId],
    ['kind', verdict.kind],
    ['owner', verdict.owner],
    ['subject', verdict.subject],
    ['scopes', verdict.scopes?.join(' ')],
    ['ends', verdict.exp === 0 ? 'never' : (verdict.expireTime ?? verdict.exp?.toString())],
    ['claims', claims && JSON.stringify(claims)],
    ['metadata', metadata && JSON.stringify(metadata)],
    ['revision', verdict.revision?.toString()],
    ['HTTP status', String(verdict.httpStatus)],
    [
      'try again in',
      retryAfterMs === undefined ? undefined : `${Math.ceil(retryAfterMs / 1000)} s`,
    ],
    ['stale', verdict.stale ? 'yes: the store could not be reached' : undefined],
  ]);
}
