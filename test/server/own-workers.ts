/** Two workers of the test's own process, which sees what node:cluster tells of them. */

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLog } from '../../src/log.ts';
import { fixedWorkerLimits, startWorkers, type Workers } from '../../src/server/workers.ts';
import { ownEngine } from '../engine.ts';
import { freePort } from '../free-port.ts';
import { secrets } from './run-server.ts';

/** Running workers. */
export interface OwnWorkers {
  /** Their ports on the loopback interface. */
  grpc: number;
  http: number;
  workers: Workers;
  /** Stops them, and deletes their store. */
  remove(): Promise<void>;
}

/** Starts two workers and waits until they are ready. */
export async function startOwnWorkers(): Promise<OwnWorkers> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-workers-'));
  const [grpc, http] = [await freePort(), await freePort()];
  const env = {
    USHER_STORE: `lmdb:${folder}`,
    USHER_GRPC_LISTEN: `127.0.0.1:${grpc}`,
    USHER_HTTP_LISTEN: `127.0.0.1:${http}`,
    USHER_LOG_LEVEL: 'error',
    // To HTTP/1.1, which a test's callers speak, grpc-js says nothing.
    ...ownEngine,
    ...secrets,
  };
  const log = openLog('error', { write: () => undefined });
  const workers = startWorkers({
    count: 2,
    ...{ env, log, say: line => void process.stderr.write(line) },
    limits: { ...fixedWorkerLimits, stopMs: 10_000 },
    keys: () => secrets.USHER_MASTER_KEYS,
  });
  await workers.ready;
  return {
    grpc,
    http,
    workers,
    async remove() {
      await workers.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
