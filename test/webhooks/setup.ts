/** Webhooks over a real embedded store, with a clock and receivers that tests set. */

import { Webhook as Verifier } from 'standardwebhooks';
import { OutboundError } from '../../src/outbound/error.ts';
import type { OutboundInit } from '../../src/outbound/outbound.ts';
import { createClaim } from '../../src/tokens/claims.ts';
import { createAskWebhooks } from '../../src/webhooks/ask.ts';
import type { WebhookFields } from '../../src/webhooks/check.ts';
import type { WebhookLimits } from '../../src/webhooks/limits.ts';
import { createTeller, type TellerDeps } from '../../src/webhooks/teller.ts';
import { createWebhooks } from '../../src/webhooks/webhooks.ts';
import { defaultLimits } from '../limits.ts';
import { openOffice } from '../tokens/setup.ts';

/** A request that a receiver got. */
export interface Received {
  url: string;
  headers: Record<string, string>;
  body: string;
  /** The body, read. */
  event: { type: string; timestamp: string; version: number; data: Record<string, unknown> };
}

/** What a receiver answers: a status, a complete answer, or an error. */
export type Answer = number | Response | Error | Promise<Response>;

/** Everything that the tests of webhooks need. */
export function openWebhooks(some: Partial<WebhookLimits> = {}) {
  const office = openOffice();
  const { store, keys, clock, now } = office;
  const limits = { ...defaultLimits.webhooks, ...some };
  const received: Received[] = [];
  const receiver = { answer: (_: Received): Answer => 204 };
  const fetch = async (url: string | URL, init: OutboundInit = {}) => {
    const body = String(init.body);
    const headers = { ...(init.headers as Record<string, string>) };
    const got = { url: String(url), headers, body, event: JSON.parse(body) };
    received.push(got);
    const answer = await receiver.answer(got);
    if (answer instanceof Error) throw answer;
    if (answer instanceof Response) return answer;
    return new Response(answer === 204 ? null : 'told', { status: answer });
  };
  const sending = { fetch, keys, now, monotonicMs: () => clock.ms, userAgent: 'Usher/test' };
  const failures: unknown[] = [];
  const disabled: string[] = [];
  const openTeller = (changed: Partial<TellerDeps> = {}) =>
    createTeller({
      ...{ ...sending, store, limits, random: () => 0 },
      onFailure: error => void failures.push(error),
      onDisabled: (_, reason) => void disabled.push(reason),
      onAttempt: () => undefined,
      ...changed,
    });
  const teller = openTeller();
  const webhooks = createWebhooks({
    ...{ store, keys, now, limits, onChange: teller.changed },
    claim: createClaim(store, keys, now, 86_400_000),
    readAddress: url => {
      const read = new URL(url);
      if (read.protocol !== 'https:')
        throw new OutboundError('refused', 'the address is not https');
      return read;
    },
  });
  return {
    ...office,
    ...{ limits, received, receiver, teller, openTeller, webhooks, failures, disabled },
    ask: createAskWebhooks({ ...sending, store, limits }),
    /** Looks, and waits for the attempts. */
    async tell() {
      await teller.look();
      await teller.idle();
    },
    /** Moves the clock. */
    pass(ms: number) {
      clock.ms += ms;
    },
  };
}

/** Fields of a webhook; `some` replaces those that a test is about. */
export const hook = (some: Partial<WebhookFields> = {}): WebhookFields => ({
  url: 'https://hooks.example.com/usher?key=hidden',
  description: 'tests',
  events: ['token.created', 'token.rotated', 'token.revoked'],
  owners: [],
  expiringDays: [],
  enabled: true,
  ...some,
});

/** Throws unless the request is signed with the secret; the time is that of the machine. */
export function verified(secret: string, { headers, body }: Received): unknown {
  return new Verifier(secret).verify(body, headers);
}

/** An update of a webhook. */
export const update = (
  id: string,
  revision: number,
  fields: WebhookFields,
  paths: readonly string[],
) => ({ id, revision, fields, paths });
