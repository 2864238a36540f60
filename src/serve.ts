/** `usher serve`: the server as a process, from its settings to its last signal. */

import cluster from 'node:cluster';
import type { Config, Environment } from './config.ts';
import { readConfig } from './config.ts';
import { openSecrets, type ServerSecrets } from './first-start.ts';
import { type Logger, openLog } from './log.ts';
import { type Addresses, type RunningServer, startServer } from './server.ts';
import type { Listen } from './setting-values.ts';
import { serveParent } from './worker-messages.ts';
import { defaultWorkerLimits, startWorkers, type Workers } from './workers.ts';

/** Starts the server and says where it is. Resolves when it is up; throws SettingsError. */
export async function serve(env: Environment): Promise<void> {
  const config = readConfig(env);
  const secrets = openSecrets(config);
  const log = openLog(config.logLevel);
  if (cluster.isWorker) return await serveAsWorker(config, secrets, log);
  for (const warning of secrets.warnings) log.warn(warning);
  const { server, workers } =
    config.workers > 1
      ? await startMany(config, secrets, log, env)
      : { server: await startServer(config, secrets, log) };
  process.stdout.write(welcome(server, secrets.firstStart));
  // The workers end one after the other, and this one last.
  const workersMs =
    workers === undefined ? 0 : config.workers * (stopLimitMs(config) + stopSlackMs);
  const limitMs = workersMs + stopLimitMs(config);
  onSignals(log, limitMs, async () => {
    await workers?.stop();
    await server.stop();
  });
  process.on('SIGHUP', () => {
    workers?.renew().catch(error => log.error({ error }, 'the workers could not be renewed'));
  });
}

/** This process has the API Manager; the workers verify. */
async function startMany(config: Config, secrets: ServerSecrets, log: Logger, env: Environment) {
  const started: { workers?: Workers } = {};
  const server = await startServer(
    { ...config, grpcListen: 'off', httpListen: 'off' },
    secrets,
    log,
    {
      otherMetrics: async () => (await started.workers?.metrics()) ?? [],
      elsewhere: {
        ...namedAddress('grpc', config.grpcListen),
        ...namedAddress('http', config.httpListen),
      },
    },
  );
  const workers = startWorkers(config.workers, env, log, {
    ...defaultWorkerLimits,
    stopMs: stopLimitMs(config) + stopSlackMs,
  });
  started.workers = workers;
  await workers.ready.catch(async error => {
    await workers.stop();
    await server.stop();
    throw error;
  });
  return { server, workers };
}

async function serveAsWorker(config: Config, secrets: ServerSecrets, log: Logger): Promise<void> {
  const own: Config = { ...config, managerListen: 'off' };
  const server = await startServer(own, secrets, log);
  const stop = onSignals(log, stopLimitMs(config), server.stop);
  serveParent(server.metrics, stop);
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

/**
 * Stops on a signal; the returned function stops too. Within a limit: what was acknowledged is kept
 * already, so that nothing is lost. Whoever signals twice does not want to wait.
 */
function onSignals(log: Logger, limitMs: number, end: () => Promise<void>): () => void {
  let stopping = false;
  const stop = (signal?: NodeJS.Signals) => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    setTimeout(() => {
      log.error({ limitMs }, 'the stop takes too long; ending now');
      process.exit(1);
    }, limitMs).unref();
    end().then(
      () => {
        log.info('stopped');
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
  return () => {
    if (!stopping) stop();
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
