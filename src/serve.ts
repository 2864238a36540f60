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
  process.stdout.write(welcome(server));

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

function welcome({ addresses }: RunningServer): string {
  const rows = [
    ['gRPC', addresses.grpc],
    ['HTTP', addresses.http && `http://${addresses.http}`],
    ['API Manager', addresses.manager && `http://${addresses.manager}`],
  ].map(([name = '', address]) => `  ${name.padEnd(12)} ${address ?? 'off'}\n`);
  return [
    'Usher is ready.\n',
    ...rows,
    'Next, in another terminal:\n',
    '  npm run -s usher -- token create --kind static --name first\n',
  ].join('');
}
