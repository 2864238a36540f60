/** Starts what tells webhooks, in the process that serves the API Manager. */

import type { Logger } from '../log.ts';
import { noticeLimits } from '../notices/limits.ts';
import { createListNotices, type ListNotices } from '../notices/notices.ts';
import { checkUrl } from '../outbound/target.ts';
import type { Config } from '../settings/config.ts';
import { createClaim } from '../tokens/claims.ts';
import { fixedChangeLimits } from '../tokens/limits.ts';
import { version } from '../version.ts';
import { type AskWebhooks, createAskWebhooks } from '../webhooks/ask.ts';
import type { WebhookLimits } from '../webhooks/limits.ts';
import { createTeller } from '../webhooks/teller.ts';
import { createWebhooks, type Webhooks } from '../webhooks/webhooks.ts';
import type { Core } from './core.ts';
import { logFailures } from './log-failures.ts';
import type { Metrics } from './metrics/metrics.ts';
import { warnRarely } from './warn-rarely.ts';

/** What tells webhooks. */
export interface Webhooking {
  webhooks: Webhooks;
  askWebhooks: AskWebhooks;
  /** Lists what needs attention. */
  listNotices: ListNotices;
  /** Ends the attempts under way. */
  close(): Promise<void>;
}

/** What it needs. */
interface WebhookingDeps {
  config: Config;
  core: Pick<Core, 'store' | 'keyRing' | 'outboundFetch'>;
  log: Pick<Logger, 'warn' | 'error'>;
  metrics: Pick<Metrics, 'webhookAttempt'>;
  /** Milliseconds since 1970. */
  now: () => number;
  limits: WebhookLimits;
}

/** Starts it. In a worker, which does not serve the API Manager, it does nothing. */
export function startWebhooks(deps: WebhookingDeps, isWorker: boolean): Webhooking {
  const { config, core, log, metrics, now, limits } = deps;
  const { store } = core;
  const { keys } = core.keyRing;
  const monotonicMs = () => performance.now();
  const warn = warnRarely({ log, monotonicMs });
  const failed = logFailures((fields, text) => warn('teller', fields, text), store.health);
  const sending = {
    fetch: core.outboundFetch,
    ...{ keys, now, monotonicMs, userAgent: `Usher/${version} (+webhooks)` },
  };
  const teller = createTeller({
    ...{ ...sending, store, limits, random: Math.random },
    onFailure: error =>
      failed(error, 'webhooks could not be told; nothing is lost, it is tried again'),
    onDisabled: ({ id, host }, reason) =>
      log.error({ webhook: id, host, reason }, 'a webhook was disabled'),
    onAttempt: isGood => metrics.webhookAttempt(isGood ? 'good' : 'failed'),
  });
  if (!isWorker) teller.start();
  return {
    webhooks: createWebhooks({
      ...{ store, keys, now, limits, onChange: teller.changed },
      readAddress: url => checkUrl(url, config.outboundAllow),
      claim: createClaim(store, keys, now, fixedChangeLimits.requestMs),
    }),
    askWebhooks: createAskWebhooks({ ...sending, store, limits }),
    listNotices: createListNotices({
      ...{ store, health: store.health, now, monotonicMs, limits: noticeLimits },
    }),
    close: teller.close,
  };
}
