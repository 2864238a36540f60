/** `usher people invite` and what belongs to it: one-time links, and passkeys. */

import type { Command } from 'commander';
import {
  type Invitation,
  type Invited,
  invitationsOf,
  invite,
  passkeysOf,
  removePasskey,
  revokeInvitation,
} from '../api/invitations.ts';
import { type RoleName, roleNames } from '../api/people.ts';
import { type Context, change, connect, optionsOf } from './context.ts';
import { foundPerson } from './found-id.ts';
import { listedId, uuid, word } from './option-values.ts';
import { outJson, outTable } from './terminal.ts';

const requestIdOption = [
  '--request-id <uuid>',
  'repeat a change whose outcome is not known',
  uuid,
] as const;

/** Adds the commands to `usher people`, which must be there. */
export function addInvitationCommands(program: Command, context: Context): void {
  const { terminal } = context;
  const people = program.commands.find(each => each.name() === 'people') as Command;
  people
    .command('invite')
    .description('print a link by which a new person signs in to the API Manager, once')
    .argument('<name>', 'the name of the person')
    .requiredOption('--role <role>', roleNames.join(', '), word(roleNames))
    .option('--owner <owner...>', 'only for the access tokens of these owners')
    .option(...requestIdOption)
    .action(async (name: string, _, self: Command) => {
      const { role, owner = [] } = optionsOf<{ role: RoleName; owner?: string[] }>(self);
      await outLink(context, self, { name, role, owners: owner });
    });
  people
    .command('link')
    .description('print such a link for a person who lost their passkey; older links of theirs end')
    .argument('<id>', 'the UUID of the person, or its first characters', listedId)
    .option(...requestIdOption)
    .action(async (given: string, _, self: Command) => {
      const admin = connect(context, optionsOf(self));
      await outLink(context, self, { personId: await foundPerson(admin, given) });
    });
  people
    .command('invitations')
    .description('list the links that were not used, and those used that would still be good')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      const all = await invitationsOf(connect(context, options));
      if (options.json) outJson(terminal, all);
      else outInvitations(context, all);
    });
  people
    .command('uninvite')
    .description('end a link that was not used')
    .argument('<id>', 'the id of the invitation')
    .action(async (id: string, _, self: Command) => {
      const options = optionsOf(self);
      await revokeInvitation(connect(context, options), id);
      if (options.json) outJson(terminal, { id, revoked: true });
      else terminal.out('the link is no longer good');
    });
  people
    .command('passkeys')
    .description('list the passkeys of a person')
    .argument('<id>', 'the UUID of the person, or its first characters', listedId)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      const all = await passkeysOf(admin, await foundPerson(admin, given));
      if (options.json) return outJson(terminal, all);
      const rows = all.map(each => [
        each.name,
        each.createTime,
        each.lastUseTime || 'never',
        each.id,
      ]);
      outTable(terminal, ['PASSKEY', 'ADDED', 'LAST USED', 'ID'], rows);
    });
  people
    .command('remove-passkey')
    .description('remove a passkey of a person; sessions that it opened go on')
    .argument('<id>', 'the UUID of the person, or its first characters', listedId)
    .argument('<passkey>', 'the id of the passkey')
    .option('--last', 'also when it is the last one, without which they cannot sign in')
    .action(async (given: string, id: string, _, self: Command) => {
      const options = optionsOf<{ last?: true }>(self);
      const admin = connect(context, options);
      const personId = await foundPerson(admin, given);
      const left = await removePasskey(admin, { personId, id, allowLast: options.last === true });
      if (options.json) outJson(terminal, { id, removed: true, left: left.length });
      else terminal.out(`removed; ${left.length} passkeys are left`);
    });
}

async function outLink(context: Context, self: Command, invited: Invited): Promise<void> {
  const { terminal } = context;
  const options = optionsOf<{ requestId?: string }>(self);
  const admin = connect(context, options);
  const { url, invitation } = await change(options.requestId, id => invite(admin, invited, id));
  if (options.json) return outJson(terminal, { url, ...invitation });
  terminal.out(url);
  if (terminal.notesRich) {
    terminal.note(
      `it works once, until ${invitation.expireTime}; send it to ${invitation.name} alone`,
    );
  }
}

function outInvitations({ terminal }: Context, all: Invitation[]): void {
  const rows = all.map(each => [
    each.name,
    each.forKnown ? 'signs in again' : [each.role, ...each.owners].join(' '),
    each.createdBy,
    each.useTime === '' ? each.expireTime : 'used',
    each.id,
  ]);
  outTable(terminal, ['FOR', 'AS', 'BY', 'GOOD UNTIL', 'ID'], rows);
}
