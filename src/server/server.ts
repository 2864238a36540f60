/** Assembles a server from its parts: core, services, listeners and metrics. */

import type { AddressInfo } from 'node:net';
import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import type { ServerSecrets } from '../settings/first-start.ts';
import { createSessionOf } from '../transport/rpc/session-of.ts';
import { type Core, openCore } from './core.ts';
import { createListeners, type Listeners } from './listeners.ts';
import { createWebManager } from './manager.ts';
import { createMetrics, type Metrics } from './metrics.ts';
import { createServices } from './services.ts';

/** Where a server listens, as "host:port"; a listener that is off is absent. */
export interface Addresses {
  grpc?: string;
  http?: string;
  manager?: string;
}

/** A running server. */
export interface RunningServer {
  /** The bound addresses, and those of other processes. */
  addresses: Addresses;
  /** The metrics of this process. */
  metrics: Metrics;
  /** Issues a code for one sign-in to the API Manager as the administrator. */
  issueLoginCode(): string;
  /** Finishes calls in flight, within the grace, and closes everything. */
  stop(): Promise<void>;
}

/** Options of a server, for tests and workers. */
export interface RunOptions {
  /** The wall clock, in milliseconds since 1970. */
  now?: () => number;
  /** The metrics of other processes in prom-client's JSON form. */
  otherMetrics?: () => Promise<object[]>;
  /** Addresses on which other processes listen. */
  elsewhere?: Addresses;
}

/** Starts the server. Rejects when an address cannot be bound or the store cannot be opened. */
export async function startServer(
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  { now = Date.now, otherMetrics, elsewhere = {} }: RunOptions = {},
): Promise<RunningServer> {
  const metrics = createMetrics(otherMetrics);
  const core = await openCore(config, secrets, log, now, metrics);
  const state = { addresses: elsewhere, stopping: false };
  const web = createWebManager(config, secrets, core, log, now, () => ({
    grpc: state.addresses.grpc ?? 'off',
    http: state.addresses.http ?? 'off',
    manager: state.addresses.manager ?? 'off',
  }));
  const listeners = createListeners(config, {
    core,
    services: createServices(config, core, now, createSessionOf(web.manager)),
    manager: web.manager,
    metrics,
    unreadiness: () => [
      ...(state.stopping ? ['the server is stopping'] : []),
      ...(core.store.health.up ? [] : ['the store does not answer']),
    ],
    now,
    onBug(error, requestId) {
      metrics.bug();
      log.error({ error, requestId }, 'internal error');
    },
  });
  const unfollow = followStore(core, listeners, metrics, log);

  const stop = async () => {
    state.stopping = true;
    unfollow();
    await Promise.all(
      [listeners.grpc, listeners.http, listeners.manager].map(each => each.stop(config.graceMs)),
    );
    await core.close();
  };
  try {
    state.addresses = { ...elsewhere, ...(await listenAll(config, listeners)) };
  } catch (error) {
    await stop();
    throw error;
  }
  return { addresses: state.addresses, metrics, issueLoginCode: web.issueLoginCode, stop };
}

/** Reflects the store's health in the health service, metrics and log. */
function followStore(
  { store }: Core,
  { grpc }: Listeners,
  metrics: Metrics,
  log: Logger,
): () => void {
  const show = (up: boolean) => {
    metrics.storeUp(up);
    grpc.setServing(up);
  };
  show(store.health.up);
  return store.health.onChange(up => {
    show(up);
    if (up) log.info('the store answers');
    else log.error('the store does not answer');
  });
}

async function listenAll(config: Config, listeners: Listeners): Promise<Addresses> {
  const places = {
    grpc: config.grpcListen,
    http: config.httpListen,
    manager: config.managerListen,
  };
  const addresses: Addresses = {};
  for (const name of ['grpc', 'http', 'manager'] as const) {
    const where = places[name];
    if (where === 'off') continue;
    addresses[name] = addressText(await listeners[name].listen(where));
  }
  return addresses;
}

/** "host:port", with an IPv6 address in brackets. */
function addressText({ address, family, port }: AddressInfo): string {
  return family === 'IPv6' ? `[${address}]:${port}` : `${address}:${port}`;
}
