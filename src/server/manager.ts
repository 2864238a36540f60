/** Wires up the API Manager's web app: sessions, sign-in and status. */

import { hash, hkdfSync } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import type { Logger } from '../log.ts';
import { createLoginCodes } from '../manager/login-codes.ts';
import { createManager, type Manager } from '../manager/manager.ts';
import type { ServerStatus } from '../manager/server-status.ts';
import type { Config } from '../settings/config.ts';
import type { ServerSecrets } from '../settings/first-start.ts';
import { byCaller } from '../tokens/audit-names.ts';
import { adminActor, type Caller } from '../tokens/caller.ts';
import { sourceOf } from '../tokens/source.ts';
import type { Origins } from '../transport/rpc/client-address.ts';
import type { SignInCode } from '../transport/services/sign-in.ts';
import { textOf } from '../verify/verdict.ts';
import { version } from '../version.ts';
import type { Core } from './core.ts';
import { limitsOf } from './limits.ts';
import { createProviderSignIn } from './provider-sign-in.ts';

/** The web app and its one-time sign-in codes. */
export interface WebManager {
  /** Serves the web app and its sessions. */
  manager: Manager;
  /** Scheme, host and port of the API Manager, for links. */
  origin: string;
  /** Issues a code for one sign-in as the administrator. */
  issueLoginCode(): string;
  /** Issues a code for one sign-in as a caller, and notes it in the audit log. */
  createSignInCode(caller: Caller): Promise<SignInCode>;
}

/**
 * Creates the web app. `listeners` and `waitsFor`, for whom a new master key waits, are called for each
 * request of the status page.
 */
export function createWebManager(
  config: Config,
  secrets: ServerSecrets,
  core: Core,
  log: Logger,
  now: () => number,
  origins: Pick<Origins, 'request'>,
  listeners: () => ServerStatus['listeners'],
  waitsFor: () => readonly string[],
): WebManager {
  const limits = limitsOf(config).manager;
  const codes = createLoginCodes({ now, limits });
  const providerSignIn = createProviderSignIn(config, core, log, now);
  const manager = createManager({
    ...(providerSignIn && { providerSignIn }),
    sessionKeys: sessionKeys(core, secrets),
    now,
    limits,
    webFolder: fileURLToPath(new URL('../../dist/manager', import.meta.url)),
    async authenticate(header, peer) {
      const caller = await core.authenticate(header, peer);
      if (!('reason' in caller)) return caller;
      return caller.reason === 'WRONG_SOURCE' ? textOf(caller) : undefined;
    },
    currentCaller: core.currentCaller,
    redeemLoginCode: codes.redeem,
    beginAttempt: core.guesses.begin,
    peerOf: req => origins.request(req).address,
    sessionList: core.sessionList,
    invited: core,
    onAdminSignIn: ({ peer }, how) =>
      log.warn(
        { source: sourceOf(peer), how },
        'the admin token of the configuration signed in to the API Manager',
      ),
    refused: core.sums.refused,
    status: () => statusOf(config, core, listeners(), waitsFor()),
    onError: error => log.error({ error }, 'the API Manager failed'),
  });
  const { party } = core.passkeys;
  return {
    manager,
    origin: 'problem' in party ? new URL(config.managerUrl).origin : party.origin,
    issueLoginCode: () => codes.issue(adminActor),
    async createSignInCode(caller) {
      const { actor } = caller;
      await core.audit.add({ action: 'session.link', ...byCaller(caller), detail: '' });
      const expiresAt = now() + limits.loginCodeLifetimeMs;
      return { code: codes.issue(actor), expiresAt };
    },
  };
}

/**
 * The keys that seal sessions, one of each master key in use. Another admin token ends all sessions; a
 * master key that is removed ends those that it sealed, and used sessions are sealed again.
 */
function sessionKeys({ keyRing }: Core, { adminToken }: ServerSecrets): () => Uint8Array[] {
  const salt = hash('sha256', adminToken, 'buffer');
  let madeOf = keyRing.inUse;
  const make = () =>
    madeOf.map(({ bytes }) => {
      return new Uint8Array(hkdfSync('sha256', bytes, salt, 'usher/v1/session', 32));
    });
  let made = make();
  return () => {
    if (madeOf !== keyRing.inUse) {
      madeOf = keyRing.inUse;
      made = make();
    }
    return made;
  };
}

function statusOf(
  config: Config,
  core: Core,
  listeners: ServerStatus['listeners'],
  waitsFor: readonly string[],
): ServerStatus {
  const { currentId: writes, ids: reads } = core.keyRing.keys;
  const { health, feed } = core.store;
  return {
    version,
    nodeVersion: process.versions.node,
    uptimeSeconds: Math.floor(process.uptime()),
    workers: config.workers,
    store: {
      kind: storeKind(config),
      up: health.up,
      ...(health.reason === undefined ? {} : { reason: health.reason }),
      degraded: health.degraded,
    },
    feed: {
      up: feed.isLive(),
      kind: feed.kind,
      // Infinite before the first answer, which JSON cannot represent.
      lagMs: Math.round(Math.min(feed.lagMs(), Number.MAX_SAFE_INTEGER)),
    },
    masterKeys: { writes, reads, waitsFor },
    listeners,
    leaseMs: config.leaseMs,
  };
}

function storeKind({ store }: Config): ServerStatus['store']['kind'] {
  if (store.kind === 'lmdb') return 'lmdb';
  return store.topology === 'single' ? 'redis' : `redis-${store.topology}`;
}
