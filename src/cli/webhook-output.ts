/** Prints webhooks and deliveries. */

import type { Delivery, Webhook } from '../api/webhooks.ts';
import { outJson, outTable, outValues, type Terminal } from './terminal.ts';

/** Prints webhooks as a table. */
export function outWebhooks(terminal: Terminal, webhooks: Webhook[]): void {
  outTable(
    terminal,
    ['ID', 'HEALTH', 'URL', 'EVENTS', 'OWNERS', 'DESCRIPTION'],
    webhooks.map(webhook => [
      webhook.id,
      healthOf(webhook),
      webhook.url || '(its master key is not listed)',
      webhook.events.join(' '),
      webhook.owners.join(', ') || 'all',
      webhook.description,
    ]),
  );
}

/** The health of a webhook in some words. */
function healthOf({ enabled, disabledReason, failingSince, lastDelivery }: Webhook): string {
  if (!enabled) return disabledReason === '' ? 'disabled' : 'disabled by Usher';
  if (failingSince !== undefined) return 'failing';
  return lastDelivery === undefined ? 'nothing sent yet' : 'good';
}

/** Prints a webhook. */
export function outWebhook(terminal: Terminal, webhook: Webhook, json?: true): void {
  if (json) {
    outJson(terminal, webhook);
    return;
  }
  const last = webhook.lastDelivery;
  outValues(terminal, [
    ['id', webhook.id],
    ['url', webhook.url || '(its master key is not listed)'],
    ['description', webhook.description],
    ['events', webhook.events.join(' ')],
    ['owners', webhook.owners.join(', ') || 'all'],
    ['expiring days', webhook.expiringDays.join(', ')],
    ['health', healthOf(webhook)],
    ['disabled since', webhook.disabledReason && webhook.updateTime],
    ['disabled because', webhook.disabledReason],
    ['failing since', webhook.failingSince],
    ['waiting', String(webhook.waiting)],
    ['last answer', last && answerOf(last)],
    ['former secret until', webhook.formerSecretUntil],
    ['created', `${webhook.createTime} by ${webhook.createdByName || webhook.createdBy}`],
    ['changed', webhook.updateTime],
    ['revision', String(webhook.revision)],
  ]);
}

/** Prints a webhook with its new secret. */
export function outSecret(
  terminal: Terminal,
  made: { webhook: Webhook; secret: string },
  json?: true,
): void {
  if (json) {
    outJson(terminal, made);
    return;
  }
  const { webhook, secret } = made;
  outValues(terminal, [
    ['id', webhook.id],
    ['url', webhook.url],
    ['events', webhook.events.join(' ')],
    ['former secret until', webhook.formerSecretUntil],
    ['secret', secret],
  ]);
  terminal.note('The secret is not shown again. Receivers verify with it: docs/webhooks.md');
}

/** Prints deliveries as a table. */
export function outDeliveries(terminal: Terminal, deliveries: Delivery[]): void {
  outTable(
    terminal,
    ['DELIVERY', 'TIME', 'EVENT', 'STATE', 'ATTEMPTS', 'LAST ANSWER'],
    deliveries.map(delivery => [
      delivery.id,
      delivery.time,
      delivery.event,
      delivery.state,
      String(delivery.attemptsTotal),
      answerOf(delivery),
    ]),
  );
}

/** The last answer of a delivery in a line. */
function answerOf({ attempts }: Delivery): string {
  const last = attempts.at(-1);
  if (last === undefined) return 'not attempted yet';
  return `${last.error || `answered ${last.status}`} (${last.durationMs} ms)`;
}

/** Prints a delivery with its last answer. */
export function outDelivery(terminal: Terminal, delivery: Delivery, json?: true): void {
  if (json) {
    outJson(terminal, delivery);
    return;
  }
  outValues(terminal, [
    ['delivery', delivery.id],
    ['event', delivery.event],
    ['message id', delivery.messageId],
    ['state', delivery.state],
    ['next attempt', delivery.nextAttemptTime],
    ['attempts', String(delivery.attemptsTotal)],
    ['last answer', answerOf(delivery)],
    ['answer', delivery.attempts.at(-1)?.answer],
  ]);
}
