/** A complete, real server for tests, on free ports, with a clock that the test moves. */

import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../src/log.ts';
import { startServer } from '../../src/server/server.ts';
import { readConfig } from '../../src/settings/config.ts';
import { openSecrets } from '../../src/settings/first-start.ts';
import { engineEnv } from '../engine.ts';

/** A master key and an admin token, which settings with Redis must have. */
export const secrets = {
  USHER_MASTER_KEYS: `k1:${randomBytes(32).toString('base64')}`,
  USHER_ADMIN_TOKEN: `admin-${randomBytes(24).toString('hex')}`,
};

export interface TestServer {
  /** "host:port". */
  grpc: string;
  http: string;
  manager: string;
  /** "" where it is off, as it is by default. */
  metrics: string;
  /** Whether all three speak HTTP/2. */
  hasHttp2: boolean;
  adminToken: string;
  clock: { ms: number };
  /** The lines of the log. */
  logged: string[];
  issueLoginCode(): string;
  stop(): Promise<void>;
}

/** Starts a server; without USHER_STORE it has its own embedded store. */
export async function runServer(
  env: Record<string, string | undefined> = {},
  clock = { ms: Date.now() },
): Promise<TestServer> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-server-'));
  const config = readConfig({
    USHER_STORE: `lmdb:${folder}`,
    USHER_GRPC_LISTEN: '127.0.0.1:0',
    USHER_HTTP_LISTEN: '127.0.0.1:0',
    USHER_MANAGER_LISTEN: '127.0.0.1:0',
    USHER_METRICS_LISTEN: 'off',
    USHER_GRACE_MS: '2000',
    ...secrets,
    ...engineEnv,
    ...env,
  });
  const logged: string[] = [];
  const log = openLog(config.logLevel, { write: line => void logged.push(line) });
  const server = await startServer(config, await openSecrets(config), log, {
    now: () => clock.ms,
  });
  const { grpc = '', http = '', manager = '', metrics = '' } = server.addresses;
  return {
    ...{ grpc, http, manager, metrics, clock, logged },
    hasHttp2: config.grpcEngine === 'h2',
    adminToken: secrets.USHER_ADMIN_TOKEN,
    issueLoginCode: server.issueLoginCode,
    async stop() {
      await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
