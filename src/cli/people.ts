/** `usher people`: lists, shows, changes and removes people, and lists and ends sessions. */

import { type Command, Option } from 'commander';
import type { Admin } from '../api/connect.ts';
import {
  endSession,
  endSessions,
  getPerson,
  listPeople,
  listSessions,
  type Person,
  type RoleName,
  removePerson,
  roleNames,
  type Session,
  updatePerson,
} from '../api/people.ts';
import { type Context, connect, optionsOf } from './context.ts';
import { UsageError } from './exit-codes.ts';
import { foundPerson } from './found-id.ts';
import { listedId, word } from './option-values.ts';
import { outJson, outTable, outValues } from './terminal.ts';

/** Adds the commands. */
export function addPeopleCommands(program: Command, context: Context): void {
  const people = program
    .command('people')
    .description('show and change who may sign in to the API Manager, and end sessions');
  addList(people, context);
  addShow(people, context);
  addUpdate(people, context);
  addRemove(people, context);
  addSessions(people, context);
  addEndSession(people, context);
}

function addList(people: Command, context: Context): void {
  people
    .command('list')
    .description('list people')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      const found = await Array.fromAsync(listPeople(connect(context, options)));
      if (options.json) return outJson(context.terminal, { people: found });
      if (found.length === 0) return context.terminal.note('no people found');
      const head = ['ID', 'NAME', 'ROLE', 'OWNERS', 'SIGNS IN BY', 'LAST SIGN-IN', 'STATE'];
      outTable(context.terminal, head, found.map(rowOf));
    });
}

function rowOf(person: Person): string[] {
  return [
    person.id,
    person.name,
    person.role,
    person.owners?.join(' ') ?? 'all',
    person.issuer ?? 'invitation',
    person.lastSignInTime ?? 'never',
    person.disableTime === undefined ? 'active' : 'disabled',
  ];
}

function outPerson({ terminal }: Context, person: Person, json?: boolean): void {
  if (json) {
    outJson(terminal, person);
    return;
  }
  outValues(terminal, [
    ['id', person.id],
    ['name', person.name],
    ['e-mail', person.email],
    ['role', person.role],
    ['role set by', person.roleByProvider ? 'each sign-in by the provider' : 'an administrator'],
    ['owners', person.owners?.join(' ') ?? 'all'],
    ['provider', person.issuer],
    ['created', person.createTime],
    ['last sign-in', person.lastSignInTime],
    ['disabled', person.disableTime],
    ['revision', String(person.revision)],
  ]);
}

function addShow(people: Command, context: Context): void {
  people
    .command('show')
    .description('show one person')
    .argument('<id>', 'UUID of the person, or its first characters', listedId)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      const person = await getPerson(admin, await foundPerson(admin, given));
      outPerson(context, person, options.json);
    });
}

interface UpdateOptions {
  name?: string;
  role?: RoleName;
  owner?: string[];
  roleByProvider?: true;
  disable?: true;
  enable?: true;
}

function addUpdate(people: Command, context: Context): void {
  people
    .command('update')
    .description('change a person; what is not given stays')
    .argument('<id>', 'UUID of the person, or its first characters', listedId)
    .option('--name <name>', '1 to 128 characters')
    .option('--role <role>', roleNames.join(', '), word(roleNames))
    .option('--owner <owner...>', 'with --role: only the access tokens of these owners')
    .addOption(
      new Option(
        '--role-by-provider',
        'let each sign-in by the provider set the role again',
      ).conflicts('role'),
    )
    .addOption(new Option('--disable', 'let them sign in no longer').conflicts('enable'))
    .option('--enable', 'let them sign in again')
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<UpdateOptions>(self);
      const { name, role, owner: owners, roleByProvider, disable, enable } = options;
      if (owners !== undefined && role === undefined) {
        throw new UsageError('--owner belongs to a role: give --role too');
      }
      const isNothing = [name, role, roleByProvider, disable, enable].every(
        each => each === undefined,
      );
      if (isNothing) throw new UsageError('name what to change (--help lists the options)');
      const disabled = disable ?? (enable ? false : undefined);
      const change = { name, role, owners, roleByProvider, disabled };
      const admin = connect(context, options);
      const person = await updatePerson(admin, await foundPerson(admin, given), change);
      outPerson(context, person, options.json);
    });
}

function addRemove(people: Command, context: Context): void {
  people
    .command('remove')
    .description('remove a person and end their sessions; a provider can sign them in again')
    .argument('<id>', 'UUID of the person, or its first characters', listedId)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      const id = await foundPerson(admin, given);
      await removePerson(admin, id);
      if (options.json) outJson(context.terminal, { removed: id });
      else context.terminal.note('removed');
    });
}

/** "admin", an actor, or the id of a person or its first characters. */
async function actorOf(admin: Admin, whose: string): Promise<string> {
  if (!/^[0-9a-f-]{4,36}$/i.test(whose)) return whose;
  return `person:${await foundPerson(admin, listedId(whose))}`;
}

const whoseHelp =
  'UUID of a person or its first characters, or an actor as the audit log has it, such as "admin"';

function addSessions(people: Command, context: Context): void {
  people
    .command('sessions')
    .description('list the sessions of the API Manager')
    .argument('[whose]', `${whoseHelp}; without it, those of all`)
    .action(async (whose: string | undefined, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      const actor = whose === undefined ? '' : await actorOf(admin, whose);
      const found = await Array.fromAsync(listSessions(admin, actor));
      if (options.json) return outJson(context.terminal, { sessions: found });
      if (found.length === 0) return context.terminal.note('no sessions found');
      const head = ['ID', 'WHO', 'SIGNED IN BY', 'FROM', 'BROWSER', 'SINCE', 'LAST USED'];
      outTable(context.terminal, head, found.map(sessionRow));
    });
}

function sessionRow(session: Session): string[] {
  return [
    session.id,
    session.name || session.actor,
    session.method,
    session.address,
    session.browser,
    session.createTime ?? '-',
    session.lastUsedTime ?? '-',
  ];
}

function addEndSession(people: Command, context: Context): void {
  people
    .command('end-session')
    .description('end a session, or all sessions of someone, at every server')
    .argument('[session]', 'id of a session, as `usher people sessions` lists it')
    .option('--all-of <whose>', whoseHelp)
    .action(async (id: string | undefined, _, self: Command) => {
      const options = optionsOf<{ allOf?: string }>(self);
      const { allOf } = options;
      if ((id === undefined) === (allOf === undefined)) {
        throw new UsageError('give either the id of a session, or --all-of');
      }
      const admin = connect(context, options);
      let ended = 1;
      if (allOf !== undefined) ended = await endSessions(admin, await actorOf(admin, allOf));
      else await endSession(admin, id ?? '');
      if (options.json) outJson(context.terminal, { ended });
      else context.terminal.note(`${ended} ended`);
    });
}
