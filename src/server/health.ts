/** Reflects the store's health in the health service, the metrics and the log. */

import type { Logger } from '../log.ts';
import type { Degradable, StoreHealth } from '../store/health.ts';
import type { Store } from '../store/store.ts';
import type { GrpcListener } from '../transport/rpc/grpc-listener.ts';
import type { Metrics } from './metrics/metrics.ts';

/** Where health is shown. */
export interface Shown {
  grpc: Pick<GrpcListener, 'setServing'>;
  metrics: Pick<Metrics, 'storeHealth'>;
  log: Pick<Logger, 'info' | 'warn' | 'error'>;
}

/** How often the store's clock is compared with the bound, in milliseconds. */
const clockCheckMs = 1000;
/** Largest difference between this machine's clock and the store's, in milliseconds. */
const clockSkewMsMax = 1000;

/** Shows the health of a store until the returned function is called; logs each change once. */
export function followHealth(
  { health, clockSkewMs }: Pick<Store, 'health' | 'clockSkewMs'>,
  { grpc, metrics, log }: Shown,
): () => void {
  let reason: string | undefined;
  let degraded = new Map<Degradable, string>();

  const logReason = () => {
    if (health.reason === reason) return;
    reason = health.reason;
    if (reason === undefined) log.info('the store answers');
    else log.error({ reason }, 'the store does not answer');
  };
  const logDegraded = () => {
    // While the store is down, its reason alone is of interest.
    if (!health.up) return;
    const now = new Map(health.degraded.map(({ what, detail }) => [what, detail]));
    for (const [what, detail] of now) {
      if (degraded.get(what) !== detail) log.warn({ what, detail }, 'degraded');
    }
    for (const what of degraded.keys()) {
      if (!now.has(what)) log.info({ what }, 'no longer degraded');
    }
    degraded = now;
  };
  const show = () => {
    metrics.storeHealth(health);
    grpc.setServing(health.up);
    logReason();
    logDegraded();
  };
  const checkClock = () => health.degrade('clock', clockText(clockSkewMs?.() ?? 0));
  checkClock();
  show();
  const timer = setInterval(checkClock, clockCheckMs).unref();
  const unfollow = health.onChange(show);
  return () => {
    clearInterval(timer);
    unfollow();
  };
}

/** What is wrong with a difference of the clocks; undefined when nothing is. */
function clockText(skewMs: number): string | undefined {
  if (Math.abs(skewMs) <= clockSkewMsMax) return undefined;
  const where = skewMs > 0 ? 'behind' : 'ahead of';
  // Whole seconds, so that a drift is not a change each second.
  const seconds = Math.round(Math.abs(skewMs) / 1000);
  return `this machine's clock is ${seconds} s ${where} the store's: set both by NTP`;
}

/**
 * Resolves to true when a store is up, or to false when the signal comes first. `onWait` is called
 * with each new reason why it is not.
 */
export function untilUp(
  health: StoreHealth,
  onWait: (reason: string) => void,
  stopped: AbortSignal,
): Promise<boolean> {
  return new Promise(resolve => {
    let told: string | undefined;
    const end = (isUp: boolean) => {
      unfollow();
      resolve(isUp);
    };
    const look = () => {
      const { reason } = health;
      if (reason === undefined) return end(true);
      if (reason !== told) onWait(reason);
      told = reason;
    };
    const unfollow = health.onChange(look);
    stopped.addEventListener('abort', () => end(false), { once: true });
    if (stopped.aborted) end(false);
    else look();
  });
}
