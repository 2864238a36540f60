/**
 * Several worker processes behind one address. The process that starts them accepts connections and
 * gives them to the workers in turn, so that none is lost while workers come and go: with a socket of
 * its own for each (SO_REUSEPORT), the kernel resets what waits in that of one that ends. It also has
 * the API Manager, so that sign-ins, metrics and administration stay one.
 */

import type { ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../log.ts';
import type { Environment } from '../settings/config.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** Bounds of the supervision. */
export interface WorkerLimits {
  /** How long a worker may take to be ready, in milliseconds. */
  readyMs: number;
  /** Shortest pause before a worker that died is started again, in milliseconds; it doubles. */
  restartMsMin: number;
  /** Longest such pause, in milliseconds. */
  restartMsMax: number;
  /** How long a worker may take to stop before it is killed, in milliseconds. */
  stopMs: number;
  /** How long a worker may take to answer with its metrics, in milliseconds. */
  metricsMs: number;
}

/** Bounds that no deployment sets. */
export const fixedWorkerLimits = {
  /** A start that took longer would hold up a renewal; Redis is waited for a second at most. */
  readyMs: 30_000,
  restartMsMin: 100,
  restartMsMax: 5000,
  /** Within the ten seconds that scrapers wait. */
  metricsMs: 1000,
} as const satisfies Partial<WorkerLimits>;

/** The workers. */
export interface Workers {
  /** Resolves when all of them are ready for the first time; rejects when one cannot start. */
  ready: Promise<void>;
  /** Metrics of each, as prom-client has them in JSON; one that does not answer is left out. */
  metrics(): Promise<object[]>;
  /** Puts a new process in the place of each, one after the other, without refusing a call. */
  renew(): Promise<void>;
  /** Ends them, one after the other. */
  stop(): Promise<void>;
}

interface Worker {
  process: ChildProcess;
  ready: Promise<void>;
}

/** Starts workers. */
export function startWorkers(
  count: number,
  env: Environment,
  log: Logger,
  limits: WorkerLimits,
): Workers {
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('../main.ts', import.meta.url)),
    args: ['serve'],
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const places: Worker[] = [];
  let stopping = false;

  const start = (place: number, pauseMs: number): Worker => {
    const child = cluster.fork(env).process;
    const worker = { process: child, ready: readyOf(child, limits.readyMs) };
    const startedMs = performance.now();
    worker.ready.catch(() => child.kill('SIGKILL'));
    child.once('exit', (code, signal) => {
      if (stopping || places[place] !== worker) return;
      log.error({ worker: child.pid, code, signal }, 'a worker died; it is started again');
      // One that lived for a while starts again without a longer pause.
      const lived = performance.now() - startedMs > limits.restartMsMax;
      const nextMs = lived ? limits.restartMsMin : pauseMs;
      setTimeout(() => {
        if (stopping) return;
        places[place] = start(place, Math.min(nextMs * 2, limits.restartMsMax));
        places[place].ready.catch(() => undefined);
      }, nextMs);
    });
    return worker;
  };
  for (let place = 0; place < count; place++) places.push(start(place, limits.restartMsMin));

  let renewing: Promise<void> = Promise.resolve();
  /** The one that is about to take a place. */
  let coming: Worker | undefined;
  const renewAll = async () => {
    for (const place of places.keys()) {
      if (stopping) return;
      const next = start(place, limits.restartMsMin);
      coming = next;
      await next.ready.catch(error => {
        if (!stopping) throw error;
      });
      if (stopping) return;
      const old = places[place] as Worker;
      places[place] = next;
      coming = undefined;
      await end(old.process, limits.stopMs);
    }
    log.info('all workers are new');
  };

  return {
    ready: Promise.all(places.map(({ ready }) => ready)).then(() => undefined),
    async metrics() {
      const answers = await Promise.allSettled(
        places.map(({ process }) => metricsOf(process, limits.metricsMs)),
      );
      return answers.filter(answer => answer.status === 'fulfilled').map(({ value }) => value);
    },
    renew() {
      // One asked for meanwhile comes after: two at once would end each other's workers.
      const renewed = renewing.then(renewAll);
      renewing = renewed.catch(() => undefined);
      return renewed;
    },
    async stop() {
      stopping = true;
      if (coming !== undefined) await end(coming.process, limits.stopMs);
      for (const { process } of places) await end(process, limits.stopMs);
    },
  };
}

/** Ends a worker; one that is frozen or stuck is killed. */
async function end(child: ChildProcess, limitMs: number): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const timer = setTimeout(() => child.kill('SIGKILL'), limitMs);
  await exit;
  clearTimeout(timer);
}

/** Resolves when a worker says that it is ready; rejects when it ends, or takes too long. */
function readyOf(child: ChildProcess, waitMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = setTimeout(() => reject(new Error('a worker takes too long to start')), waitMs);
  child.once('exit', () => reject(new Error('a worker ended before it was ready')));
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') resolve();
  });
  return promise.finally(() => clearTimeout(timer));
}

let asked = 0;

function metricsOf(child: ChildProcess, waitMs: number): Promise<object> {
  const { promise, resolve, reject } = Promise.withResolvers<object>();
  const ask = ++asked;
  const timer = setTimeout(() => reject(new Error('a worker does not answer')), waitMs);
  const listen = (message: FromWorker) => {
    if (message.kind === 'metrics' && message.ask === ask) resolve(message.metrics);
  };
  child.on('message', listen);
  child.send({ kind: 'metrics', ask } satisfies ToWorker, error => error && reject(error));
  return promise.finally(() => {
    clearTimeout(timer);
    child.off('message', listen);
  });
}
