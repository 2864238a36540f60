/** The API Manager's browser part, with what it needs of the rest. */

import { hash, hkdfSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../log.ts';
import { createLoginCodes } from '../manager/login-codes.ts';
import { createManager, type Manager } from '../manager/manager.ts';
import type { Status } from '../manager/server-status.ts';
import type { Config } from '../settings/config.ts';
import type { ServerSecrets } from '../settings/first-start.ts';
import { adminActor } from '../tokens/caller.ts';
import { version } from '../version.ts';
import type { Rooms } from './core.ts';
import { limitsOf } from './limits.ts';

/** The browser part, and the code of the one-time link. */
export interface WebManager {
  manager: Manager;
  /** Makes a code with which someone signs in once as the administrator. */
  issueLoginCode(): string;
}

/** Makes it. `listeners` is asked when the status page is. */
export function createWebManager(
  config: Config,
  secrets: ServerSecrets,
  rooms: Rooms,
  log: Logger,
  now: () => number,
  listeners: () => Status['listeners'],
): WebManager {
  const limits = limitsOf(config).manager;
  const codes = createLoginCodes({ now, limits });
  const manager = createManager({
    sessionKey: sessionKey(secrets),
    now,
    limits,
    ended: rooms.store,
    webFolder: fileURLToPath(new URL('../../dist/manager', import.meta.url)),
    async authenticate(header, peer) {
      const caller = await rooms.authenticate(header, peer);
      return typeof caller === 'string' ? undefined : caller;
    },
    currentCaller: rooms.currentCaller,
    redeemLoginCode: codes.redeem,
    // Only names the cookie, and keeps it from plain HTTP: nobody gains by saying so without cause.
    isSecure: ({ headers }) => headers['x-forwarded-proto'] === 'https',
    audit: (action, { actor, peer }) => rooms.audit.add({ action, actor, peer, detail: '' }),
    status: () => statusOf(config, rooms, listeners()),
    onError: error => log.error({ error }, 'the API Manager failed'),
  });
  return { manager, issueLoginCode: () => codes.issue(adminActor) };
}

/** Another admin token or master key ends all sessions. */
function sessionKey({ masterKeys, adminToken }: ServerSecrets): Uint8Array {
  const master = masterKeys[0]?.bytes ?? new Uint8Array();
  const salt = hash('sha256', adminToken, 'buffer');
  return new Uint8Array(hkdfSync('sha256', master, salt, 'usher/v1/session', 32));
}

function statusOf(config: Config, rooms: Rooms, listeners: Status['listeners']): Status {
  const { health, feed } = rooms.store;
  return {
    version,
    nodeVersion: process.versions.node,
    uptimeSeconds: Math.floor(process.uptime()),
    workers: config.workers,
    store: { kind: storeKind(config), up: health.up },
    feed: {
      up: feed.isLive(),
      kind: feed.kind,
      // Infinite before the first answer, which JSON cannot say.
      heardMsAgo: Math.round(Math.min(feed.heardMsAgo(), Number.MAX_SAFE_INTEGER)),
    },
    listeners,
    leaseMs: config.leaseMs,
  };
}

function storeKind({ store }: Config): Status['store']['kind'] {
  if (store.kind === 'lmdb') return 'lmdb';
  return store.topology === 'single' ? 'redis' : `redis-${store.topology}`;
}
