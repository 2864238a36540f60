/** `usher webhooks`: creates, shows, changes, tests and removes webhooks, and sends deliveries again. */

import { type Command, Option } from 'commander';
import type { Admin } from '../api/connect.ts';
import {
  createWebhook,
  getWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  replayDelivery,
  rotateWebhookSecret,
  testWebhook,
  updateWebhook,
  type WebhookFields,
} from '../api/webhooks.ts';
import { confirm, yesOption } from './confirm.ts';
import { type Context, change, connect, optionsOf } from './context.ts';
import { exitCodes, UsageError } from './exit-codes.ts';
import { foundWebhook } from './found-id.ts';
import { count, durationSeconds, listedId, several, uuid } from './option-values.ts';
import { outJson, printable } from './terminal.ts';
import {
  outDeliveries,
  outDelivery,
  outSecret,
  outWebhook,
  outWebhooks,
} from './webhook-output.ts';

/** Adds the commands. `exit` takes the exit code of a test or a replay that failed. */
export function addWebhookCommands(
  program: Command,
  context: Context,
  exit: (code: number) => void,
): void {
  const webhooks = program
    .command('webhooks')
    .description('tell other programs what happens to access tokens');
  addCreate(webhooks, context);
  addList(webhooks, context);
  addShow(webhooks, context);
  addUpdate(webhooks, context);
  addRotateSecret(webhooks, context);
  addRemove(webhooks, context);
  addTest(webhooks, context, exit);
  addDeliveries(webhooks, context);
  addReplay(webhooks, context, exit);
}

const days = (text: string, before: number[] | undefined) => [...(before ?? []), count(1)(text)];
const idArgument = ['<id>', 'UUID, or its first characters', listedId] as const;

interface FieldOptions {
  url?: string;
  description?: string;
  event?: string[];
  owner?: string[];
  expiringDays?: number[];
}

function addFields(command: Command): Command {
  return command
    .option('--url <url>', 'where events are sent: an https address')
    .option('--description <text>', 'what it is for')
    .option('--event <event>', 'an event that it gets; can be given several times', several)
    .option('--owner <owner>', 'only access tokens of this owner; several times', several)
    .option(
      '--expiring-days <days>',
      'how many days before the expiry token.expiring is sent; several times',
      days,
    );
}

function fieldsOf({ url, description, event, owner, expiringDays }: FieldOptions) {
  const given = { url, description, events: event, owners: owner, expiringDays };
  const set = Object.entries(given).filter(([, value]) => value !== undefined);
  return Object.fromEntries(set) as Partial<WebhookFields>;
}

function addCreate(webhooks: Command, context: Context): void {
  const command = webhooks
    .command('create')
    .description('create a webhook; the secret that signs its events is shown only once')
    .option('--disabled', 'send nothing until `usher webhooks update --enable`')
    .option('--request-id <uuid>', 'repeat a change whose outcome is not known', uuid);
  addFields(command).action(async (_, self: Command) => {
    const options = optionsOf<FieldOptions & { disabled?: true; requestId?: string }>(self);
    if (options.url === undefined) throw new UsageError('give the address with --url');
    if (options.event === undefined) {
      throw new UsageError('give at least one --event, such as --event token.revoked');
    }
    const none = { url: '', description: '', events: [], owners: [], expiringDays: [] };
    const fields = { ...none, ...fieldsOf(options), enabled: options.disabled !== true };
    const admin = connect(context, options);
    const made = await change(options.requestId, id => createWebhook(admin, fields, id));
    outSecret(context.terminal, made, options.json);
  });
}

function addList(webhooks: Command, context: Context): void {
  webhooks
    .command('list')
    .description('list webhooks with their health')
    .action(async (_, self: Command) => {
      const options = optionsOf(self);
      const all = await listWebhooks(connect(context, options));
      if (options.json) return outJson(context.terminal, { webhooks: all });
      if (all.length === 0) context.terminal.note('there are no webhooks: `usher webhooks create`');
      else outWebhooks(context.terminal, all);
    });
}

function addShow(webhooks: Command, context: Context): void {
  webhooks
    .command('show')
    .description('show a webhook; never its secret')
    .argument(...idArgument)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      outWebhook(
        context.terminal,
        await getWebhook(admin, await foundWebhook(admin, given)),
        options.json,
      );
    });
}

function addUpdate(webhooks: Command, context: Context): void {
  const command = webhooks
    .command('update')
    .description('change the given fields of a webhook')
    .argument(...idArgument)
    .option('--all-owners', 'events of access tokens of all owners')
    .addOption(new Option('--enable', 'send what happens from now on').conflicts('disable'))
    .option('--disable', 'send nothing');
  addFields(command).action(async (given: string, _, self: Command) => {
    const options = optionsOf<FieldOptions & { allOwners?: true; enable?: true; disable?: true }>(
      self,
    );
    if (options.allOwners && options.owner)
      throw new UsageError('give one of --owner and --all-owners');
    const fields = {
      ...fieldsOf(options),
      ...(options.allOwners && { owners: [] }),
      ...(options.enable && { enabled: true }),
      ...(options.disable && { enabled: false }),
    };
    if (Object.keys(fields).length === 0) throw new UsageError('give at least one field to change');
    const admin = connect(context, options);
    const webhook = await updateWebhook(admin, await foundWebhook(admin, given), fields);
    outWebhook(context.terminal, webhook, options.json);
  });
}

function addRotateSecret(webhooks: Command, context: Context): void {
  webhooks
    .command('rotate-secret')
    .description('make a new secret, shown only once')
    .argument(...idArgument)
    .addOption(
      new Option('--grace <duration>', 'how long the former one signs, too, up to 30d')
        .argParser(durationSeconds)
        .default(86_400, '1d'),
    )
    .option('--request-id <uuid>', 'repeat a change whose outcome is not known', uuid)
    .option(...yesOption)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<{ grace: number; requestId?: string; yes?: true }>(self);
      const admin = connect(context, options);
      const id = await foundWebhook(admin, given);
      if (options.grace === 0) {
        await confirm(context, options, async () => {
          return `The former secret of ${await named(admin, id)} ends at once.`;
        });
      }
      const rotated = await change(options.requestId, requestId =>
        rotateWebhookSecret(admin, id, options.grace, requestId),
      );
      outSecret(context.terminal, rotated, options.json);
    });
}

function addRemove(webhooks: Command, context: Context): void {
  webhooks
    .command('remove')
    .description('remove a webhook, and what was not delivered to it yet')
    .argument(...idArgument)
    .option(...yesOption)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<{ yes?: true }>(self);
      const admin = connect(context, options);
      const id = await foundWebhook(admin, given);
      await confirm(context, options, async () => {
        return `Removes ${await named(admin, id)}. This cannot be undone.`;
      });
      await removeWebhook(admin, id);
      if (options.json) outJson(context.terminal, { id, removed: true });
      else context.terminal.out(`removed ${id}`);
    });
}

function addTest(webhooks: Command, context: Context, exit: (code: number) => void): void {
  webhooks
    .command('test')
    .description('send the event webhook.test, and show the answer')
    .argument(...idArgument)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      const delivery = await testWebhook(admin, await foundWebhook(admin, given));
      outDelivery(context.terminal, delivery, options.json);
      exit(delivery.state === 'delivered' ? exitCodes.ok : exitCodes.refused);
    });
}

function addDeliveries(webhooks: Command, context: Context): void {
  webhooks
    .command('deliveries')
    .description('list what was sent to a webhook, newest first, with the last answers')
    .argument(...idArgument)
    .option('--limit <count>', 'how many at most', count(1), 20)
    .action(async (given: string, _, self: Command) => {
      const options = optionsOf<{ limit: number }>(self);
      const admin = connect(context, options);
      const id = await foundWebhook(admin, given);
      const deliveries = await Array.fromAsync(listDeliveries(admin, id, options.limit));
      if (options.json) outJson(context.terminal, { deliveries });
      else outDeliveries(context.terminal, deliveries);
    });
}

function addReplay(webhooks: Command, context: Context, exit: (code: number) => void): void {
  webhooks
    .command('replay')
    .description('send a delivery again, and show the answer')
    .argument(...idArgument)
    .argument('<delivery>', 'its id, as shown by `usher webhooks deliveries`')
    .action(async (given: string, deliveryId: string, _, self: Command) => {
      const options = optionsOf(self);
      const admin = connect(context, options);
      const delivery = await replayDelivery(admin, await foundWebhook(admin, given), deliveryId);
      outDelivery(context.terminal, delivery, options.json);
      const last = delivery.attempts.at(-1);
      exit(last?.error === '' ? exitCodes.ok : exitCodes.refused);
    });
}

async function named(admin: Admin, id: string): Promise<string> {
  const { url, description } = await getWebhook(admin, id);
  return `the webhook "${printable(description || url)}" (${id})`;
}
