/** `usher keys`: shows, reloads and rotates the master keys. */

import { setTimeout as pause } from 'node:timers/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import { reseal } from '../api/import.ts';
import {
  type KeyState,
  type KeyUse,
  keyState,
  keyUses,
  reloadKeys,
  removeKey,
  rotateKeys,
} from '../api/keys.ts';
import { type ConfirmOptions, confirm, yesOption } from './confirm.ts';
import { type Context, connect, optionsOf } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { timeoutSeconds } from './option-values.ts';
import { outJson, outTable, outValues, printable, type Terminal } from './terminal.ts';

/** How often a rotation looks whether the new key writes, in milliseconds. */
const lookMs = 250;
/** Access tokens after which the progress is shown. */
const progressStep = 5000;

/** Adds the commands. `exit` takes the exit code of keys with which something is wrong. */
export function addKeysCommands(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  const keys = program.command('keys').description('look after the master keys');
  keys
    .command('status')
    .description('show which master key writes, who reads it, and what needs which key')
    .option('--no-count', 'do not count: that reads all records')
    .action(async (_, self: Command) => {
      const options = optionsOf<{ count: boolean }>(self);
      const admin = connect(context, options);
      const state = await keyState(admin);
      const uses = options.count ? await countUses(context.terminal, admin) : undefined;
      outState(context, state, uses, options.json);
      exit(state.problem === '' ? exitCodes.ok : exitCodes.refused);
    });
  keys
    .command('reload')
    .description('have the server that answers read its master keys again')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      outState(context, await reloadKeys(connect(context, options)), undefined, options.json);
    });
  keys
    .command('rotate')
    .description('make a new master key, wait until it writes, and reseal all secrets with it')
    .addOption(
      new Option('--wait <duration>', 'how long to wait for replicas that do not read the key yet')
        .argParser(timeoutSeconds)
        .default(60, '60s'),
    )
    .action(async (_, self: Command) => {
      const options = optionsOf<{ wait: number }>(self);
      exit(await rotate(context, options));
    });
  keys
    .command('remove <id>')
    .description('take a master key that nothing needs out of its file or folder')
    .option(...yesOption)
    .action(async (id: string, _, self: Command) => {
      const options = optionsOf<ConfirmOptions>(self);
      await confirm(context, options, async () => removalOf(id));
      const state = await removeKey(connect(context, options), id);
      if (options.json) outJson(context.terminal, state);
      else context.terminal.out(`${id} was removed from ${state.source}`);
    });
}

function removalOf(id: string): string {
  return (
    `The master key ${printable(id)} would be removed. Backups that were made under it need it: keep a ` +
    'copy with them. Sessions of the API Manager, and answers to repeated requests, of before the last ' +
    'rotation end.'
  );
}

async function rotate(
  context: Context,
  options: { wait: number; timeout: number; json?: true },
): Promise<number> {
  const { terminal } = context;
  const admin = connect(context, options);
  const { id, state: first } = await rotateKeys(admin);
  terminal.note(`the new key ${id} is first in ${first.source}`);
  const state = await untilItWrites(context, id, first, options);
  if (!writes(state, id)) {
    if (options.json) outJson(terminal, { id, writes: false, waitsFor: state.waitsFor });
    terminal.note(
      `the key ${id} is read and does not write yet; it waits for ${state.waitsFor.join(', ')}. ` +
        'Give those the key. It then writes by itself: see `usher keys status`, and run ' +
        '`usher token reseal` afterwards',
    );
    return exitCodes.refused;
  }
  let [examined, resealed] = [0, 0];
  for await (const page of reseal(admin)) {
    examined += page.examined;
    resealed += page.resealed;
    showProgress(terminal, examined, page.examined);
  }
  if (options.json) outJson(terminal, { id, writes: true, examined, resealed });
  else {
    terminal.out(`${id} writes; ${examined} access tokens, ${resealed} resealed`);
    terminal.out('`usher keys status` shows what still needs the keys before it');
  }
  return exitCodes.ok;
}

async function untilItWrites(
  context: Context,
  id: string,
  first: KeyState,
  options: { wait: number; timeout: number },
): Promise<KeyState> {
  const until = context.now() + options.wait * 1000;
  const admin = connect(context, options);
  let state = first;
  let told = '';
  while (!writes(state, id) && context.now() < until) {
    const waitsFor = state.waitsFor.join(', ');
    if (waitsFor !== told && waitsFor !== '') context.terminal.note(`it waits for ${waitsFor}`);
    told = waitsFor;
    await pause(lookMs);
    state = await keyState(admin);
  }
  return state;
}

function writes({ keys }: KeyState, id: string): boolean {
  return keys.some(key => key.id === id && key.writes);
}

async function countUses(
  terminal: Terminal,
  admin: Parameters<typeof keyUses>[0],
): Promise<KeyUse[]> {
  let counted: KeyUse[] = [];
  let before = 0;
  for await (const { examined, uses } of keyUses(admin)) {
    showProgress(terminal, examined, examined - before);
    before = examined;
    counted = uses;
  }
  return counted;
}

function showProgress(terminal: Terminal, examined: number, added: number): void {
  const isPast =
    Math.floor(examined / progressStep) > Math.floor((examined - added) / progressStep);
  if (terminal.notesRich && isPast) terminal.note(`${examined} access tokens …`);
}

function outState(
  { terminal }: Context,
  state: KeyState,
  uses: KeyUse[] | undefined,
  json?: true,
): void {
  if (json) {
    outJson(terminal, { ...state, ...(uses && { uses }) });
    return;
  }
  outValues(terminal, [
    ['source', state.source],
    ['problem', state.problem || 'none'],
    ['waits for', state.waitsFor.join(', ') || 'nothing'],
  ]);
  terminal.out('');
  const rows = state.keys.map(({ id, writes, listed }) => [
    id,
    writes ? 'writes' : 'reads',
    listed ? 'yes' : 'NO',
  ]);
  outTable(terminal, ['MASTER KEY', 'DOES', 'GIVEN'], rows);
  if (state.replicas.length > 0) {
    terminal.out('');
    const readers = state.replicas.map(({ replica, reads, writes, time }) => [
      ...[replica, reads.join(', '), writes, time],
    ]);
    outTable(terminal, ['REPLICA', 'READS', 'WRITES', 'AT'], readers);
  }
  if (uses !== undefined) outUses(terminal, state, uses);
}

/** What only a rotation of tokens ends, and what resealing does, in one table. */
function outUses(terminal: Terminal, { keys }: KeyState, uses: KeyUse[]): void {
  terminal.out('');
  const heads = [
    'NEEDED BY',
    'RECORDS',
    'ENTRIES',
    'DOCUMENTS',
    'STATIC',
    'JWT',
    'REVOCATIONS',
    'OVER',
  ];
  outTable(
    terminal,
    heads,
    uses.map(use => [
      use.masterKeyId,
      ...[
        use.records,
        use.entries,
        use.documents,
        use.staticTokens,
        use.jwtSecrets,
        use.revocationKeys,
        use.over,
      ].map(String),
    ]),
  );
  const first = keys[0]?.id;
  const old = uses.filter(({ masterKeyId }) => masterKeyId !== first);
  const sealed = old.some(
    use => use.records + use.entries + use.documents + use.jwtSecrets + use.revocationKeys > 0,
  );
  if (sealed) terminal.note('`usher token reseal` moves all but static tokens to the first key');
  const { length } = old.filter(({ staticTokens }) => staticTokens > 0);
  if (length > 0) {
    terminal.note('static tokens need their key until they are rotated, revoked or expired');
  }
}
