/** `usher store`: migrates the store, shows what a replica knows of it, and accepts its losses. */

import type { Command } from 'commander';
import {
  acceptStore,
  migrate,
  type StorePoint,
  type StoreState,
  storeState,
} from '../api/store.ts';
import { confirm, yesOption } from './confirm.ts';
import { type Context, connect, optionsOf } from './context.ts';
import { exitCodes } from './exit-codes.ts';
import { outJson, outTable, outValues } from './terminal.ts';

/** Adds the commands. `exit` takes the exit code of a store with which something is wrong. */
export function addStoreCommands(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  const store = program.command('store').description('look after the store');
  store
    .command('status')
    .description('show what the replica that answers knows; exit code 0 when nothing is wrong')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      const state = await storeState(connect(context, options));
      if (options.json) outJson(context.terminal, state);
      else outState(context, state);
      const isWhole = state.problem === '' && state.lost.length === 0;
      exit(isWhole ? exitCodes.ok : exitCodes.refused);
    });
  store
    .command('accept')
    .description('accept a store that lost data as it is now: what is lost stays lost')
    .option(...yesOption)
    .action(async (_, self: Command) => {
      const options = optionsOf<{ yes?: true }>(self);
      const admin = connect(context, options);
      await confirm(context, options, async () => {
        const { length } = (await storeState(admin)).lost;
        return `Accepts the store as it is; known to be lost: ${length} changes. What is lost stays lost.`;
      });
      await acceptStore(admin);
      if (options.json) outJson(context.terminal, { accepted: true });
      else context.terminal.out('accepted: the replicas go on with the store as it is');
    });
  store
    .command('migrate')
    .description('sign the records of an earlier version; once all servers run this version')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      const { terminal } = context;
      let examined = 0;
      let signed = 0;
      for await (const page of migrate(connect(context, options))) {
        examined += page.examined;
        signed += page.signed;
        if (terminal.notesRich) terminal.note(`${examined} access tokens …`);
      }
      if (options.json) outJson(terminal, { examined, signed });
      else {
        terminal.out(`${examined} access tokens, ${signed} records signed; the store is migrated`);
      }
    });
}

function outState({ terminal }: Context, state: StoreState): void {
  outValues(terminal, [
    ['replica', state.replica],
    ['problem', state.problem || 'none'],
    ...identities(state),
    ['log known to', pointText(state.head)],
    ['log found to', pointText(state.storeHead)],
  ]);
  if (state.replicas.length > 0) {
    const rows = state.replicas.map(({ replica, version, head, time }) => [
      ...[replica, version || 'not said', pointText(head), time],
    ]);
    terminal.out('');
    outTable(terminal, ['REPLICA', 'VERSION', 'LOG KNOWN TO', 'AT'], rows);
  }
  if (state.lost.length === 0) return;
  const rows = state.lost.map(({ sequence, time, action, tokenId, document, putBack }) => [
    String(sequence),
    ...[time, action, tokenId || document, putBack ? 'put back' : 'lost'],
  ]);
  terminal.out('');
  outTable(terminal, ['LOST', 'TIME', 'ACTION', 'OF', 'NOW'], rows);
}

/** Which store it is, by its identity; the embedded store has none. */
function identities({ identity, storeIdentity }: StoreState): [string, string][] {
  if (identity === '' && storeIdentity === '') return [];
  return [
    ['store known', identity || 'none'],
    ['store found', storeIdentity || 'none'],
  ];
}

function pointText(point: StorePoint | undefined): string {
  return point === undefined ? 'unknown' : `entry ${point.sequence} ${point.hash.slice(0, 16)}`;
}
