/** Puts the rooms together: the store, the decision, the life of tokens. No listener yet. */

import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import type { ServerSecrets } from '../settings/first-start.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { type AccessTokens, createAccessTokens } from '../tokens/access-tokens.ts';
import { type Audit, createAudit } from '../tokens/audit.ts';
import {
  type Authenticate,
  type CurrentCaller,
  createAuthenticate,
  createCurrentCaller,
} from '../tokens/caller.ts';
import { defaultChangeLimits } from '../tokens/change.ts';
import { createImport, type Import } from '../tokens/import.ts';
import { createIssueJwt, type IssueJwt } from '../tokens/issue.ts';
import { createOversight, type Oversight } from '../tokens/oversight.ts';
import { createReseal, type Reseal } from '../tokens/reseal.ts';
import { createUsageMeter, type UsageMeter } from '../tokens/usage.ts';
import type { DoorVerify } from '../transport/rpc/call.ts';
import { createFindImported } from '../verify/imported.ts';
import type { VerifyLimits } from '../verify/limits.ts';
import { createMasterKeys } from '../verify/master-keys.ts';
import { createProofCache } from '../verify/proof-cache.ts';
import { createProve } from '../verify/prove.ts';
import { createVerify } from '../verify/verify.ts';
import { countVerdicts } from './count-verdicts.ts';
import type { Metrics } from './metrics.ts';

/** Everything behind the listeners. */
export interface Core {
  store: Store;
  verify: DoorVerify;
  accessTokens: AccessTokens;
  importTokens: Import;
  reseal: Reseal;
  issueJwt: IssueJwt;
  authenticate: Authenticate;
  currentCaller: CurrentCaller;
  audit: Audit;
  oversight: Oversight;
  usage: UsageMeter;
  /** Writes the last counts and closes the store. */
  close(): Promise<void>;
}

/** Opens the store and builds on it. `now` is in milliseconds since 1970. */
export async function openCore(
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  now: () => number,
  metrics: Pick<Metrics, 'verdict' | 'unavailable'>,
): Promise<Core> {
  const store = await openStore(config.store, {
    now,
    onWarning: message => log.warn(message),
    stateFile: config.stateFile,
    redis: {
      readTimeoutMs: config.storeTimeoutMs,
      ackReplicas: config.storeAckReplicas,
      leaseMs: config.leaseMs,
      feedPingMs: Math.max(25, Math.floor(config.leaseMs / 4)),
      claimWaitMs: config.leaseMs,
      heartbeatMs: Math.max(25, Math.floor(config.leaseMs / 4)),
    },
    lmdb: { leaseMs: config.leaseMs },
    cache: { entriesMax: config.cacheEntriesMax, staleMaxMs: config.staleMaxMs },
  });
  const keys = createMasterKeys(secrets.masterKeys);
  const limits: VerifyLimits = {
    headerBytesMax: config.headerBytesMax,
    claimsDepthMax: config.claimsDepthMax,
    iatSkewSecondsMax: config.iatSkewSecondsMax,
    cacheTtlMsMax: config.cacheTtlMsMax,
    leaseMs: config.leaseMs,
  };
  const proofs = createProofCache(config.cacheEntriesMax);
  const findImported = createFindImported(store, keys);
  const prove = createProve(keys);
  const verify = createVerify({ records: store, findImported, prove, proofs, now, limits });
  const { revokedJwtsMax } = config;
  const changes = { store, keys, now, limits: { ...defaultChangeLimits, revokedJwtsMax } };
  const usage = createUsageMeter(store, now);
  return {
    store,
    verify: countVerdicts(verify, metrics, usage),
    accessTokens: createAccessTokens(changes),
    importTokens: createImport(changes),
    reseal: createReseal(changes),
    issueJwt: createIssueJwt(store, keys, now, limits),
    authenticate: createAuthenticate(verify, secrets.adminToken),
    currentCaller: createCurrentCaller(store, now),
    audit: createAudit(store, now),
    oversight: createOversight(store),
    usage,
    async close() {
      await usage.close();
      await store.close();
    },
  };
}
