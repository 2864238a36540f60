/** `usher serve`: the server as a process, from its settings to its last signal. */

import cluster from 'node:cluster';
import { type Logger, openLog } from '../log.ts';
import type { Config, Environment } from '../settings/config.ts';
import { readConfig } from '../settings/config.ts';
import { openSecrets, type ServerSecrets } from '../settings/first-start.ts';
import type { Listen } from '../settings/values.ts';
import { type Addresses, type RunningServer, startServer } from './server.ts';
import { serveParent } from './worker-messages.ts';
import { fixedWorkerLimits, startWorkers, type Workers } from './workers.ts';

/** What runs, as far as it is up. */
interface Running {
  server?: RunningServer;
  workers?: Workers;
}

/** Starts the server and says where it is. Resolves when it is up; throws SettingsError. */
export async function serve(env: Environment): Promise<void> {
  const config = readConfig(env);
  const secrets = openSecrets(config);
  const log = openLog(config.logLevel);
  if (cluster.isWorker) return await serveAsWorker(config, secrets, log);
  for (const warning of secrets.warnings) log.warn(warning);
  const running: Running = {};
  const end = async () => {
    await running.workers?.stop();
    await running.server?.stop();
  };
  // The workers end one after the other, and this one last.
  const workersMs = config.workers > 1 ? config.workers * workerStopMs(config) : 0;
  const signals = onSignals(log, workersMs + stopLimitMs(config), end);
  try {
    if (config.workers > 1) await startMany(running, config, secrets, log, env);
    else running.server = await startServer(config, secrets, log);
  } catch (error) {
    // Whoever asked it to stop does not want to know why it did not start.
    if (!signals.stopping()) {
      await end();
      throw error;
    }
  }
  if (signals.stopping()) return;
  signals.up();
  process.on('SIGHUP', () => {
    running.workers?.renew().catch(error => {
      log.error({ error }, 'the workers could not be renewed');
    });
  });
  process.stdout.write(welcome(running.server as RunningServer, secrets.firstStart));
}

/** This process has the API Manager; the workers verify. */
async function startMany(
  running: Running,
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  env: Environment,
): Promise<void> {
  const own: Config = { ...config, grpcListen: 'off', httpListen: 'off' };
  running.server = await startServer(own, secrets, log, {
    otherMetrics: async () => (await running.workers?.metrics()) ?? [],
    elsewhere: {
      ...namedAddress('grpc', config.grpcListen),
      ...namedAddress('http', config.httpListen),
    },
  });
  running.workers = startWorkers(config.workers, env, log, {
    ...fixedWorkerLimits,
    stopMs: workerStopMs(config),
  });
  await running.workers.ready;
}

async function serveAsWorker(config: Config, secrets: ServerSecrets, log: Logger): Promise<void> {
  const own: Config = { ...config, managerListen: 'off' };
  let server: RunningServer | undefined;
  const signals = onSignals(log, stopLimitMs(config), async () => await server?.stop());
  server = await startServer(own, secrets, log);
  signals.up();
  serveParent(server.metrics, signals.stop);
}

function namedAddress(name: keyof Addresses, listen: Listen): Addresses {
  if (listen === 'off') return {};
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return { [name]: `${host}:${listen.port}` };
}

/** How much longer than the grace of its calls a stop may take, to write counts and close the store. */
const stopSlackMs = 5000;

function stopLimitMs({ graceMs }: Config): number {
  return graceMs + stopSlackMs;
}

/** A worker that is not frozen says that its stop takes too long, before it is killed. */
function workerStopMs(config: Config): number {
  return stopLimitMs(config) + stopSlackMs;
}

/** How the process takes signals. */
interface Signals {
  /** Stops, as a signal would. */
  stop(): void;
  stopping(): boolean;
  /** Says that the start is over. */
  up(): void;
}

/**
 * Stops on a signal, from the first moment on: the first process of a container gets none that it does
 * not listen for. Within a limit: what was acknowledged is kept already, so that nothing is lost.
 * Whoever signals twice does not want to wait.
 */
function onSignals(log: Logger, limitMs: number, end: () => Promise<void>): Signals {
  const state = { stopping: false, up: false };
  const stop = (signal?: NodeJS.Signals) => {
    if (state.stopping) process.exit(1);
    state.stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error({ limitMs }, 'the stop takes too long; ending now');
      process.exit(1);
    }, limitMs).unref();
    end().then(
      () => {
        log.info('stopped');
        // What is still being started has nothing to finish.
        if (!state.up) process.exit(0);
        // The channel to the process that started this one would keep it alive. A worker first hands
        // back the connections that were given to it meanwhile.
        if (process.connected) (cluster.worker ?? process).disconnect?.();
      },
      error => {
        log.error({ error }, 'could not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  return {
    stop() {
      if (!state.stopping) stop();
    },
    stopping: () => state.stopping,
    up() {
      state.up = true;
    },
  };
}

/** The address to type for a server that listens on all of its machine's. */
function reachable(address: string): string {
  return `http://${address.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, 'localhost')}`;
}

function welcome({ addresses, issueLoginCode }: RunningServer, firstStart: boolean): string {
  const { grpc, http, manager } = addresses;
  const row = (name: string, address: string | undefined) => `  ${name.padEnd(12)} ${address}\n`;
  return [
    'Usher is ready.\n',
    ...(firstStart && manager !== undefined
      ? [`Sign in once, within ten minutes: ${reachable(manager)}/login?code=${issueLoginCode()}\n`]
      : []),
    row('gRPC', grpc ?? 'off'),
    row('HTTP', http === undefined ? 'off' : `http://${http}`),
    row('API Manager', manager === undefined ? 'off' : `http://${manager}`),
    'Next, in another terminal:\n',
    '  npm run -s usher -- token create --kind static --name first\n',
  ].join('');
}
