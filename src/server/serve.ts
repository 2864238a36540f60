/** `usher serve`: runs the server as a process, including workers and signals. */

import cluster from 'node:cluster';
import { isSea } from 'node:sea';
import { type Logger, openLog } from '../log.ts';
import { logOutput } from '../log-output.ts';
import type { Config, Environment } from '../settings/config.ts';
import { formerNameWarnings, keySources, readConfig } from '../settings/config.ts';
import { openSecrets, type ServerSecrets } from '../settings/first-start.ts';
import { keysText } from '../settings/key-source.ts';
import { settings } from '../settings/settings.ts';
import { type Listen, masterKeys } from '../settings/values.ts';
import { accessWarnings } from '../settings/verify-access.ts';
import type { Tracing } from '../tracing/tracing.ts';
import { createTicketSecret, rotateTicketSecret } from '../transport/tls/ticket-keys.ts';
import { endOnUncaught } from './last-resort.ts';
import { callScopes } from './observing.ts';
import { ownStore, startErrorOf } from './own-store.ts';
import { type Addresses, type RunningServer, type RunOptions, startServer } from './server.ts';
import { onSignals } from './signals.ts';
import { openTraces } from './traces.ts';
import { keysFromParent, serveParent } from './worker-messages.ts';
import { fixedWorkerLimits, startWorkers, type Workers } from './workers.ts';

/** What has been started so far. */
interface Running {
  server?: RunningServer;
  /** From when the server listens, a little before the end of its start. */
  stopServer?: () => Promise<void>;
  workers?: Workers;
}

/**
 * Starts the server, and prints its addresses once verdicts can be given. Resolves then, or when
 * the server was stopped before; throws SettingsError.
 */
export async function serve(env: Environment): Promise<void> {
  try {
    await start(env);
  } catch (error) {
    throw startErrorOf(error);
  }
}

async function start(given: Environment): Promise<void> {
  const env = cluster.isWorker ? withKeys(given, await keysFromParent()) : given;
  const config = readConfig(env);
  logOutput.limit(config.logBytesMax);
  const traces: { tracing?: Tracing } = {};
  const scopes = callScopes(config);
  const log = openLog(config.logLevel, undefined, () => {
    const requestId = scopes.knownRequestId();
    return { ...(requestId && { requestId }), ...traces.tracing?.ids() };
  });
  endOnUncaught(log);
  const tracing = await openTraces(env, log);
  if (tracing !== undefined) traces.tracing = tracing;
  if (cluster.isWorker) {
    return await serveAsWorker(config, await openSecrets(config, env), log, {
      ...{ tracing, scopes },
    });
  }
  const running: Running = {};
  const end = async () => {
    await Promise.all([running.workers?.stop(), running.stopServer?.()]);
  };
  const limitMs = config.workers > 1 ? workerStopMs(config) + killSlackMs : stopLimitMs(config);
  const signals = onSignals(log, limitMs, end);
  const tickets = createTicketSecret();
  rotateTicketSecret(tickets, config.tlsResumptionMs);
  const onListen = (stop: () => Promise<void>) => {
    running.stopServer = stop;
  };
  // A command that prints the master keys may take its time.
  const secrets = await openSecrets(config, env);
  if (signals.stopping()) return;
  await ownStore(config);
  const warnings = [...formerNameWarnings(env), ...secrets.warnings, ...accessWarnings(config)];
  for (const warning of warnings) log.warn(warning);
  try {
    const options = { onListen, tickets, tracing, scopes };
    if (config.workers > 1) await startMany(running, config, secrets, log, env, options);
    else running.server = await startServer(config, secrets, log, options);
  } catch (error) {
    // After a stop was requested, a failure to start does not matter.
    if (!signals.stopping()) {
      await end();
      throw error;
    }
  }
  if (signals.stopping()) return;
  signals.up();
  signals.onRenew(() => {
    running.server?.checkCertificates();
    running.server?.reloadKeys().catch(ignoreLogged);
    running.workers?.renew().catch(error => {
      log.error({ error }, 'the workers could not be replaced');
    });
  });
  const server = running.server as RunningServer;
  const isReady = await server.ready(reason => {
    if (process.stdout.writableNeedDrain) return;
    process.stdout.write(`Usher waits for its store: ${reason}\n`);
  });
  if (isReady) process.stdout.write(welcome(server, secrets.firstStart, config));
}

/** Starts the API Manager in this process, and workers for the gRPC and HTTP listeners. */
async function startMany(
  running: Running,
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  env: Environment,
  options: Required<Pick<RunOptions, 'onListen' | 'tickets' | 'tracing' | 'scopes'>>,
): Promise<void> {
  const own: Config = { ...config, grpcListen: 'off', httpListen: 'off' };
  running.server = await startServer(own, secrets, log, {
    ...options,
    tellWorkers: async () => (await running.workers?.takeKeys()) ?? [],
    tellLevel: async level => (await running.workers?.setLevel(level)) ?? [],
    otherMetrics: async () => (await running.workers?.metrics()) ?? [],
    othersServe: () => running.workers?.areServing ?? false,
    elsewhere: {
      ...namedAddress('grpc', config.grpcListen),
      ...namedAddress('http', config.httpListen),
    },
  });
  const limits = { ...fixedWorkerLimits, stopMs: workerStopMs(config) };
  const { keysInUse } = running.server;
  running.workers = startWorkers({
    count: config.workers,
    ...{ env, log, limits, tickets: options.tickets, say: logOutput.write },
    keys: () => keysText(keysInUse()),
  });
  await running.workers.ready;
}

async function serveAsWorker(
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  observing: Pick<RunOptions, 'tracing' | 'scopes'>,
): Promise<void> {
  const own: Config = { ...config, managerListen: 'off', metricsListen: 'off' };
  let stop: (() => Promise<void>) | undefined;
  const signals = onSignals(log, stopLimitMs(config), async () => await stop?.());
  const tickets = createTicketSecret();
  const server = await startServer(own, secrets, log, {
    isWorker: true,
    tickets,
    ...observing,
    onListen(stopServer) {
      stop = stopServer;
      signals.up();
    },
  });
  if (signals.stopping()) return;
  serveParent({
    metrics: server.metrics,
    tickets,
    takeKeys: keys => server.takeKeys(masterKeys(keys)),
    setLevel(level) {
      log.level = level;
    },
    stop: signals.stop,
  });
}

/** The environment of a worker, in which the master keys are those of the primary. */
function withKeys(env: Environment, keys: string): Environment {
  const sources = new Set(keySources(env));
  const others = Object.entries(env).filter(([name]) => !sources.has(name));
  return { ...Object.fromEntries(others), [settings.masterKeys.name]: keys };
}

/** The keeper of the keys logs its own failures. */
const ignoreLogged = () => undefined;

function namedAddress(name: keyof Addresses, listen: Listen): Addresses {
  if (listen === 'off') return {};
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return { [name]: `${host}:${listen.port}` };
}

/** Time to write counts and close the store after the calls' grace, in milliseconds. */
const stopSlackMs = 5000;

/** Time between a limit of its own that a process exceeds and its end by another, in milliseconds. */
const killSlackMs = 1000;

function stopLimitMs({ graceMs }: Config): number {
  return graceMs + stopSlackMs;
}

/** Longer than the worker's own limit, so that it can log a slow stop before it is killed. */
function workerStopMs(config: Config): number {
  return stopLimitMs(config) + killSlackMs;
}

/** The URL to open for an address; localhost for a server that listens on all interfaces. */
function reachable(scheme: string, address: string): string {
  return `${scheme}://${address.replace(/^(0\.0\.0\.0|\[::\])(?=:)/, 'localhost')}`;
}

/** How a user runs the command line: of the single-file binary, in a checkout, or of the package. */
const command = isSea()
  ? process.argv0
  : import.meta.filename.endsWith('.ts')
    ? 'npm run -s usher --'
    : 'npx usher';

function welcome(
  { addresses, issueLoginCode }: RunningServer,
  firstStart: boolean,
  config: Config,
): string {
  const { grpc, http, manager, metrics } = addresses;
  const hasTls = config.tlsCertFile !== undefined;
  const scheme = hasTls ? 'https' : 'http';
  const managerScheme = config.managerTlsCertFile === undefined ? 'http' : 'https';
  const row = (name: string, address: string | undefined) => `  ${name.padEnd(12)} ${address}\n`;
  return [
    'Usher is ready.\n',
    ...(firstStart && manager !== undefined
      ? [
          `Sign in once, within ten minutes: ${reachable(managerScheme, manager)}/login#${issueLoginCode()}\n`,
        ]
      : []),
    row('gRPC', grpc === undefined ? 'off' : `${grpc}${hasTls ? ' (TLS)' : ''}`),
    row('HTTP', http === undefined ? 'off' : `${scheme}://${http}`),
    row('API Manager', manager === undefined ? 'off' : `${managerScheme}://${manager}`),
    row('Metrics', metrics === undefined ? 'off' : `http://${metrics}/metrics`),
    ...(manager === undefined ? [] : nextSteps(reachable(managerScheme, manager), firstStart)),
  ].join('');
}

/** Commands to try, with the address of the API Manager where it is not the default one. */
function nextSteps(url: string, firstStart: boolean): string[] {
  const isDefault = url.replace('localhost', '127.0.0.1') === settings.managerUrl.default;
  const usher = isDefault ? command : `USHER_MANAGER_URL=${url} ${command}`;
  return [
    'Next, in another terminal:\n',
    `  ${usher} token create --kind static --name first\n`,
    `  ${usher} login     (${firstStart ? 'another' : 'a'} link to sign in)\n`,
  ];
}
