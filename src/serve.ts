/** `usher serve`: the server as a process, from its settings to its last signal. */

import type { Environment } from './config.ts';
import { readConfig } from './config.ts';
import { openSecrets } from './first-start.ts';
import { openLog } from './log.ts';
import { type RunningServer, startServer } from './server.ts';

/** Starts the server and says where it is. Resolves when it is up; throws SettingsError. */
export async function serve(env: Environment): Promise<void> {
  const config = readConfig(env);
  const secrets = openSecrets(config);
  const log = openLog(config.logLevel);
  for (const warning of secrets.warnings) log.warn(warning);
  const server = await startServer(config, secrets, log);
  process.stdout.write(welcome(server, secrets.firstStart));

  let stopping = false;
  const stop = (signal: NodeJS.Signals) => {
    // Whoever signals twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, 'stopping');
    server.stop().then(
      () => log.info('stopped'),
      error => {
        log.error({ error }, 'could not stop in order');
        process.exit(1);
      },
    );
  };
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
}

function welcome({ addresses, issueLoginCode }: RunningServer, firstStart: boolean): string {
  const { grpc, http, manager } = addresses;
  const row = (name: string, address: string | undefined) => `  ${name.padEnd(12)} ${address}\n`;
  return [
    'Usher is ready.\n',
    ...(firstStart && manager !== undefined
      ? [`Sign in once, within ten minutes: http://${manager}/login?code=${issueLoginCode()}\n`]
      : []),
    row('gRPC', grpc ?? 'off'),
    row('HTTP', http === undefined ? 'off' : `http://${http}`),
    row('API Manager', manager === undefined ? 'off' : `http://${manager}`),
    'Next, in another terminal:\n',
    '  npm run -s usher -- token create --kind static --name first\n',
  ].join('');
}
