/** What this process does when it gets a signal. */

import cluster from 'node:cluster';
import type { Logger } from '../log.ts';
import { awakeTimeout } from '../timing/awake.ts';

/** The state of the process with respect to signals. */
export interface Signals {
  /** Stops the process as a signal would. */
  stop(): void;
  /** Whether a stop has been requested. */
  stopping(): boolean;
  /** From now on there may be connections. */
  up(): void;
  /** What to do on SIGHUP; at once, if there was one during the start. */
  onRenew(renew: () => void): void;
}

/**
 * Stops on SIGTERM or SIGINT. It listens from the beginning, because PID 1 of a container ignores
 * signals without a handler, and any other process ends by them. A stop that exceeds `limitMs`
 * milliseconds is cut short, which loses nothing: acknowledged changes are in the store. A second
 * signal ends the process at once, with its workers. A worker leaves that to the primary: a terminal
 * and systemd send a signal to all processes, and then the primary sends its own.
 */
export function onSignals(log: Logger, limitMs: number, end: () => Promise<void>): Signals {
  const state = { stopping: false, up: false };
  const stop = (signal?: NodeJS.Signals) => {
    if (state.stopping) {
      if (!cluster.isWorker) exitNow();
      return;
    }
    state.stopping = true;
    log.info({ signal }, 'stopping');
    awakeTimeout(() => {
      log.error({ limitMs }, 'the stop took too long; exiting now');
      exitNow();
    }, limitMs);
    end().then(
      () => {
        log.info('stopped');
        // Whatever a library still holds open, such as a connection to a frozen Redis, ends here. A
        // process that does not listen yet has no connections.
        if (!state.up || !process.connected) process.exit(0);
        // A worker's disconnect first returns the connections that it has not accepted yet.
        process.once('disconnect', () => process.exit(0));
        (cluster.worker ?? process).disconnect?.();
      },
      error => {
        log.error({ error }, 'the stop failed');
        exitNow();
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  // Node would open its debugger on the first, and end on the second. Neither is a signal of Usher.
  for (const name of ['SIGUSR1', 'SIGUSR2'] as const) {
    process.on(name, signal => log.warn({ signal }, 'this signal does nothing'));
  }
  return {
    stop() {
      if (!state.stopping) stop();
    },
    stopping: () => state.stopping,
    up() {
      state.up = true;
    },
    onRenew: renewOn(),
  };
}

/** Listens for SIGHUP from now on; a worker ignores it, since the primary replaces workers. */
function renewOn(): Signals['onRenew'] {
  let renew: (() => void) | undefined;
  let early = false;
  process.on('SIGHUP', () => {
    if (renew === undefined) early = true;
    else renew();
  });
  return then => {
    renew = then;
    if (early) then();
  };
}

/** Ends this process, and its workers: they would still answer the calls under way. */
function exitNow(): void {
  for (const worker of Object.values(cluster.workers ?? {})) worker?.process.kill('SIGKILL');
  process.exit(1);
}
