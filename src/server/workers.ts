/**
 * Runs several worker processes behind one address. The primary process accepts connections and
 * distributes them round-robin, so that none is lost when a worker is replaced: with SO_REUSEPORT,
 * the kernel would reset the connections queued for a worker that exits. The primary also serves
 * the API Manager, so that sign-ins, metrics and administration have one place.
 */

import type { ChildProcess } from 'node:child_process';
import cluster from 'node:cluster';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../log.ts';
import type { Environment } from '../settings/config.ts';
import { awakeTimeout } from '../timing/awake.ts';
import { createTicketSecret, type TicketSecret } from '../transport/tls/ticket-keys.ts';
import type { ProcessMetrics } from './metrics/metrics.ts';
import { relayLines } from './relay-lines.ts';
import type { FromWorker, ToWorker } from './worker-messages.ts';

/** Limits of the supervision. */
export interface WorkerLimits {
  /** How long a worker may take to become ready, in milliseconds. */
  readyMs: number;
  /** First pause before a worker that died is restarted, in milliseconds; it doubles each time. */
  restartMsMin: number;
  /** Longest such pause, in milliseconds. */
  restartMsMax: number;
  /** How long a worker may take to stop before it is killed, in milliseconds. */
  stopMs: number;
  /** How long a worker may take to answer, in milliseconds. */
  answerMs: number;
}

/** Limits that no setting changes. */
export const fixedWorkerLimits = {
  /** A worker that starts more slowly is given up, so that it cannot block a renewal. */
  readyMs: 30_000,
  restartMsMin: 100,
  restartMsMax: 5000,
  /** Within the ten seconds that scrapers wait. */
  answerMs: 1000,
} as const satisfies Partial<WorkerLimits>;

/** The running workers. */
export interface Workers {
  /** Resolves when all first workers are ready; rejects when one cannot start. */
  ready: Promise<void>;
  /** Whether at least one takes calls. */
  readonly areServing: boolean;
  /** The metrics of each worker, without workers that do not answer. */
  metrics(): Promise<ProcessMetrics[]>;
  /**
   * Has all workers use the keys that `keys` of `startWorkers` gives now; resolves to those that did not
   * confirm it in time.
   */
  takeKeys(): Promise<string[]>;
  /** Has all workers log at a level; resolves to those that did not confirm it in time. */
  setLevel(level: string): Promise<string[]>;
  /** Replaces the workers one by one without refusing a call; rejects when one cannot start. */
  renew(): Promise<void>;
  /** Stops the workers, all at a time. */
  stop(): Promise<void>;
}

interface Worker {
  process: ChildProcess;
  ready: Promise<void>;
  isReady: boolean;
  /** Resolves when it has exited and its last lines are here. */
  closed: Promise<unknown>;
}

/** What workers are started with. */
export interface WorkersDeps {
  count: number;
  /** Their environment. */
  env: Environment;
  log: Logger;
  limits: WorkerLimits;
  /** The secret of TLS session tickets, which each worker gets. */
  tickets?: TicketSecret;
  /** Writes lines of the log that a worker wrote. */
  say(lines: string): void;
  /** The master keys in use, as their setting has them: a worker does not read them itself. */
  keys(): string;
}

/** Starts workers. */
export function startWorkers(deps: WorkersDeps): Workers {
  const { count, env, log, limits, tickets = createTicketSecret(), say, keys } = deps;
  cluster.schedulingPolicy = cluster.SCHED_RR;
  cluster.setupPrimary({
    exec: fileURLToPath(new URL('../main.ts', import.meta.url)),
    args: ['serve'],
    // Not inherited: a start would have the output of all processes wait for its reader (uv_spawn).
    stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
  });
  const places: Worker[] = [];
  /** The worker that is about to replace another. */
  let coming: Worker | undefined;
  let stopping = false;

  const start = (place: number, pauseMs: number): Worker => {
    const child = cluster.fork(env).process;
    closeUntaken(child);
    for (const from of [child.stdout, child.stderr]) if (from !== null) relayLines(from, say);
    child.on('message', ({ kind }: FromWorker) => {
      if (kind !== 'keys wanted') return;
      // A worker that is gone by now gets them when it is started again.
      child.send({ kind: 'keys', ask: 0, keys: keys() } satisfies ToWorker, () => undefined);
    });
    const closed = new Promise(resolve => {
      child.once('close', resolve);
    });
    const ready = readyOf(child, limits.readyMs);
    const worker: Worker = { process: child, ready, isReady: false, closed };
    worker.ready
      .then(() => {
        worker.isReady = true;
        sendTickets(child, tickets);
        // One that was changed while it started, or before it was restarted.
        const message: ToWorker = { kind: 'level', ask: 0, level: log.level };
        if (child.connected) child.send(message, () => undefined);
      })
      .catch(() => undefined);
    const startedMs = performance.now();
    worker.ready.catch(() => child.kill('SIGKILL'));
    child.once('exit', (code, signal) => {
      if (stopping || places[place] !== worker) return;
      log.error({ worker: child.pid, code, signal }, 'a worker exited; restarting it');
      // The pause only grows while workers die soon after their start.
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
  tickets.onChange(() => {
    for (const { process } of coming === undefined ? places : [...places, coming]) {
      sendTickets(process, tickets);
    }
  });
  for (let place = 0; place < count; place++) places.push(start(place, limits.restartMsMin));

  let renewing: Promise<void> = Promise.resolve();
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
      await end(old, limits.stopMs);
    }
    log.info('all workers were replaced');
  };

  /** Sends all workers a message; resolves to those that do not confirm it in time. */
  const confirmed = async (message: Asked, kind: 'keys used' | 'level used') => {
    const all = coming === undefined ? places : [...places, coming];
    const answers = await Promise.allSettled(
      all.map(({ process }) => answerOf(process, message, kind, limits.answerMs)),
    );
    return all.flatMap(({ process }, n) =>
      answers[n]?.status === 'fulfilled' || !isRunning(process) ? [] : [`worker ${process.pid}`],
    );
  };

  return {
    ready: Promise.all(places.map(({ ready }) => ready)).then(() => undefined),
    get areServing() {
      return places.some(({ isReady, process }) => isReady && isRunning(process));
    },
    async metrics() {
      const answers = await Promise.allSettled(
        places.map(({ process }) => {
          return answerOf(process, { kind: 'metrics' }, 'metrics', limits.answerMs);
        }),
      );
      return answers
        .filter(answer => answer.status === 'fulfilled')
        .map(({ value }) => value.metrics);
    },
    takeKeys: () => confirmed({ kind: 'keys', keys: keys() }, 'keys used'),
    setLevel: level => confirmed({ kind: 'level', level }, 'level used'),
    renew() {
      // Concurrent replacements would stop each other's workers, so they run one after the other.
      const renewed = renewing.then(renewAll);
      renewing = renewed.catch(() => undefined);
      return renewed;
    },
    async stop() {
      stopping = true;
      const all = coming === undefined ? places : [...places, coming];
      await Promise.all(all.map(worker => end(worker, limits.stopMs)));
    },
  };
}

/** A message of node:cluster, as far as connections go, and the connection that it hands over. */
type ClusterMessage = { act?: string; seq?: number; ack?: number };
type Connection = { close(): void };

/**
 * Closes the connections that a worker was handed and had not taken when it died. node:cluster waits
 * for its answer, and keeps them open: their callers would never learn of it.
 */
function closeUntaken(child: ChildProcess): void {
  const untaken = new Map<number, Connection>();
  const send = child.send.bind(child) as (...all: unknown[]) => boolean;
  child.send = (message: ClusterMessage, ...rest: unknown[]) => {
    const { act, seq } = message;
    if (act === 'newconn' && seq !== undefined) untaken.set(seq, rest[0] as Connection);
    return send(message, ...rest);
  };
  child.on('internalMessage', ({ ack }: ClusterMessage) => {
    if (ack !== undefined) untaken.delete(ack);
  });
  child.once('exit', () => {
    for (const connection of untaken.values()) connection.close();
  });
}

/** Sends the secret of session tickets, unless the worker has just died. */
function sendTickets(child: ChildProcess, { current }: TicketSecret): void {
  const message: ToWorker = { kind: 'tickets', secret: current.toString('base64') };
  if (child.connected) child.send(message, () => undefined);
}

/** Stops a worker; kills it after the limit. */
async function end({ process: child, closed }: Worker, limitMs: number): Promise<void> {
  if (isRunning(child)) child.kill('SIGTERM');
  const timer = awakeTimeout(() => child.kill('SIGKILL'), limitMs);
  await closed;
  timer.clear();
}

/** Resolves when a worker reports ready; rejects when it exits or takes too long. */
function readyOf(child: ChildProcess, waitMs: number): Promise<void> {
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const timer = awakeTimeout(() => reject(new Error('a worker did not start in time')), waitMs);
  child.once('exit', () => reject(new Error('a worker exited before it was ready')));
  child.on('message', (message: FromWorker) => {
    if (message.kind === 'ready') resolve();
  });
  return promise.finally(() => timer.clear());
}

let asked = 0;

type Asked =
  | { kind: 'metrics' }
  | { kind: 'keys'; keys: string }
  | { kind: 'level'; level: string };

/** What a worker answers to a message, which gets a number. Rejects when it does not in time. */
function answerOf<K extends 'metrics' | 'keys used' | 'level used'>(
  child: ChildProcess,
  message: Asked,
  kind: K,
  waitMs: number,
): Promise<Extract<FromWorker, { kind: K }>> {
  const { promise, resolve, reject } = Promise.withResolvers<Extract<FromWorker, { kind: K }>>();
  const ask = ++asked;
  const timer = awakeTimeout(() => reject(new Error('a worker did not answer in time')), waitMs);
  const listen = (answer: FromWorker) => {
    if (answer.kind === kind && 'ask' in answer && answer.ask === ask) {
      resolve(answer as Extract<FromWorker, { kind: K }>);
    }
  };
  const fail = () => reject(new Error('a worker exited'));
  child.on('message', listen);
  child.once('exit', fail);
  child.send({ ...message, ask } satisfies ToWorker, error => error && reject(error));
  return promise.finally(() => {
    timer.clear();
    child.off('message', listen);
    child.off('exit', fail);
  });
}

function isRunning({ exitCode, signalCode }: ChildProcess): boolean {
  return exitCode === null && signalCode === null;
}
