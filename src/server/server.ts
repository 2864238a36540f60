/** Assembles a server from its parts: core, services, listeners and metrics. */

import type { AddressInfo } from 'node:net';
import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import type { ServerSecrets } from '../settings/first-start.ts';
import { settings } from '../settings/settings.ts';
import { StartError } from '../settings/start-error.ts';
import type { Tracing } from '../tracing/tracing.ts';
import type { CallScopes } from '../transport/rpc/call-scopes.ts';
import { createOrigins, trustsRanges } from '../transport/rpc/client-address.ts';
import { createTicketSecret, type TicketSecret } from '../transport/tls/ticket-keys.ts';
import type { MasterKey } from '../verify/master-keys.ts';
import { openCertificates } from './certificates.ts';
import { openCore } from './core.ts';
import { followHealth, untilUp } from './health.ts';
import { limitsOf } from './limits.ts';
import { listenProblem } from './listen-problem.ts';
import { createListeners, type Listeners } from './listeners.ts';
import { createLogLevels, type TellLevel } from './log-levels.ts';
import { createWebManager } from './manager.ts';
import { createMetrics, type Metrics, type ProcessMetrics } from './metrics/metrics.ts';
import { callScopes, createObserving } from './observing.ts';
import { createServices } from './services.ts';
import { startKeyKeeper } from './start-key-keeper.ts';
import { stopStep } from './stop-step.ts';
import { startWebhooks } from './webhooks.ts';

/** Where a server listens, as "host:port"; a listener that is off is absent. */
export interface Addresses {
  grpc?: string;
  http?: string;
  manager?: string;
  metrics?: string;
}

/** A running server. */
export interface RunningServer {
  /** The bound addresses, and those of other processes. */
  addresses: Addresses;
  /** The metrics of this process. */
  metrics: Metrics;
  /** The master keys in use. */
  keysInUse(): readonly MasterKey[];
  /** Uses these master keys from now on. */
  takeKeys(keys: readonly MasterKey[]): void;
  /** Reads the master keys again. Throws TokenError when that fails; in a worker it does nothing. */
  reloadKeys(): Promise<void>;
  /** Issues a code for one sign-in to the API Manager as the administrator. */
  issueLoginCode(): string;
  /**
   * Resolves to true when verdicts can be given, or to false when the server stops first. `onWait`
   * is called with each new reason for which they cannot.
   */
  ready(onWait: (reason: string) => void): Promise<boolean>;
  /** Reads the files of certificates now. */
  checkCertificates(): void;
  /** Finishes calls in flight, within the grace, and closes everything. */
  stop(): Promise<void>;
}

/** Options of a server, for tests and workers. */
export interface RunOptions {
  /** The wall clock, in milliseconds since 1970. */
  now?: () => number;
  /** Has workers use these master keys; resolves to those that did not confirm it. */
  tellWorkers?: (keys: readonly MasterKey[]) => Promise<string[]>;
  /** Has workers log at a level. */
  tellLevel?: TellLevel;
  /** Absent without tracing. */
  tracing?: Tracing | undefined;
  /** The scopes of calls, which name them in the log; its own by default. */
  scopes?: CallScopes;
  /** The metrics of other processes. */
  otherMetrics?: () => Promise<ProcessMetrics[]>;
  /** Addresses on which other processes listen. */
  elsewhere?: Addresses;
  /** Whether one of those takes calls; absent where there are none. */
  othersServe?: () => boolean;
  /**
   * Whether the primary process tells the operator what concerns all of them, and gives this one its master
   * keys by `takeKeys`.
   */
  isWorker?: boolean;
  /** The secret of TLS session tickets, if it comes from elsewhere. */
  tickets?: TicketSecret;
  /**
   * Called when the server begins to listen, which is when connections may come, with the function
   * that stops it.
   */
  onListen?: (stop: () => Promise<void>) => void;
}

/** Time for ending by force what outlasts the grace, in milliseconds. */
const forceMs = 500;

/** Time for the attempts to deliver to webhooks that are under way, in milliseconds. */
const webhookStopMs = 2000;

/** Starts the server. Rejects when an address cannot be bound or the store cannot be opened. */
export async function startServer(
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  options: RunOptions = {},
): Promise<RunningServer> {
  const { now = Date.now, otherMetrics, elsewhere = {}, onListen } = options;
  const { othersServe = () => true } = options;
  const { tickets = createTicketSecret(), isWorker = false, tracing } = options;
  const certificates = openCertificates(config, now);
  const metrics = createMetrics(config.callerNamesMax, otherMetrics);
  const trusts = trustsRanges(
    config.trustedProxies.map(([first, bits]) => [first.toString(), bits]),
  );
  const origins = createOrigins(trusts);
  const { scopes = callScopes(config) } = options;
  const { durations } = metrics;
  const observing = createObserving(config, { durations, tracing, scopes, origins, log });
  const core = await openCore(config, secrets, log, now, metrics, isWorker, observing);
  const { health } = core.store;
  const keeper = isWorker
    ? undefined
    : startKeyKeeper(config, secrets, core, metrics, log, options.tellWorkers);
  const limits = limitsOf(config).webhooks;
  const webhooking = startWebhooks({ config, core, log, metrics, now, limits }, isWorker);
  const state = { addresses: elsewhere, stopping: false };
  const web = createWebManager(
    config,
    secrets,
    core,
    log,
    now,
    origins,
    () => ({
      grpc: state.addresses.grpc ?? 'off',
      http: state.addresses.http ?? 'off',
      manager: state.addresses.manager ?? 'off',
    }),
    () => keeper?.waitsFor() ?? [],
  );
  const listeners = await createListeners(config, {
    core,
    trusts,
    origins,
    services: createServices({
      ...{ config, core, web, now, metrics, log, keeper, origins, webhooking, observing },
      logLevels: createLogLevels(log, config.logLevel, options.tellLevel),
    }),
    manager: web.manager,
    certificates,
    tickets,
    metrics,
    observing,
    log,
    unreadiness: () => [
      ...(state.stopping ? ['the server is stopping'] : []),
      ...(health.reason === undefined ? [] : [health.reason]),
      ...(othersServe() ? [] : ['no worker takes calls: they are being started']),
    ],
    degraded: () => health.degraded,
    now,
    onBug(error, requestId) {
      metrics.bug();
      log.error({ error, requestId }, 'internal error');
    },
  });
  const unfollow = followHealth(core.store, { grpc: listeners, metrics, log });
  const followed = certificates.follow({
    ...{ metrics, health, warnDays: config.tlsWarnDays },
    log: isWorker ? undefined : log,
    serves: name => config[`${name}Listen`] !== 'off',
  });
  const stopped = new AbortController();

  const bound = listenAll(config, listeners, log);
  const stopAll = async () => {
    state.stopping = true;
    stopped.abort();
    unfollow();
    followed.close();
    const closedKeeper = keeper?.close();
    // A listener that is being bound could not be closed.
    await bound.catch(() => undefined);
    const all = [listeners.grpc, listeners.http, listeners.manager, listeners.metrics];
    const ended = Promise.all(all.map(each => each.stop(config.graceMs)));
    await stopStep('listeners', ended, config.graceMs + forceMs, log);
    await closedKeeper;
    await stopStep('webhooks', webhooking.close(), webhookStopMs, log);
    await core.close();
    if (tracing !== undefined) await stopStep('traces', tracing.close(), forceMs * 4, log);
  };
  let stopping: Promise<void> | undefined;
  const stop = () => {
    stopping ??= stopAll();
    return stopping;
  };
  onListen?.(stop);
  try {
    state.addresses = { ...elsewhere, ...(await bound) };
  } catch (error) {
    await stop();
    throw error;
  }
  return {
    addresses: state.addresses,
    metrics,
    keysInUse: () => core.keyRing.inUse,
    takeKeys: core.keyRing.replace,
    reloadKeys: async () => await keeper?.reload(),
    issueLoginCode: web.issueLoginCode,
    checkCertificates: followed.check,
    ready: onWait => untilUp(health, onWait, stopped.signal),
    stop,
  };
}

async function listenAll(
  config: Config,
  listeners: Listeners,
  log: Pick<Logger, 'warn'>,
): Promise<Addresses> {
  const places = {
    grpc: config.grpcListen,
    http: config.httpListen,
    manager: config.managerListen,
    metrics: config.metricsListen,
  };
  const addresses: Addresses = {};
  for (const name of ['grpc', 'http', 'manager', 'metrics'] as const) {
    const where = places[name];
    if (where === 'off') continue;
    try {
      addresses[name] = addressText(await listeners[name].listen(where));
    } catch (error) {
      const { name: setting, default: usual } = settings[`${name}Listen`];
      const problem = listenProblem(setting, where.host, where.port, error);
      // A second server on this machine starts without a setting of its own for metrics.
      const isUsual = `${where.host}:${where.port}` === usual;
      if (name !== 'metrics' || !isUsual || !(problem instanceof StartError)) throw problem;
      log.warn(
        `${problem.message}; until then its metrics are on the API Manager's listener alone`,
      );
    }
  }
  return addresses;
}

/** "host:port", with an IPv6 address in brackets. */
function addressText({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
