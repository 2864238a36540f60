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
import { createImport, type Import } from '../tokens/import.ts';
import { createIssueJwt, type IssueJwt } from '../tokens/issue.ts';
import { fixedUsageLimits } from '../tokens/limits.ts';
import { createReseal, type Reseal } from '../tokens/reseal.ts';
import { createUsageMeter, type UsageMeter } from '../tokens/usage.ts';
import { createFindImported } from '../verify/imported.ts';
import { createMasterKeys } from '../verify/master-keys.ts';
import { createMemory } from '../verify/memory.ts';
import { createProve } from '../verify/prove.ts';
import { createVerify, type Verify } from '../verify/verify.ts';
import { limitsOf } from './limits.ts';

/** Everything behind the listeners. */
export interface Rooms {
  store: Store;
  verify: Verify;
  accessTokens: AccessTokens;
  importTokens: Import;
  reseal: Reseal;
  issueJwt: IssueJwt;
  authenticate: Authenticate;
  currentCaller: CurrentCaller;
  audit: Audit;
  usage: UsageMeter;
  /** Writes the last counts and closes the store. */
  close(): Promise<void>;
}

/** Opens the store and builds on it. `now` is in milliseconds since 1970. */
export async function openRooms(
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  now: () => number,
): Promise<Rooms> {
  const { verify: limits, ...others } = limitsOf(config);
  const store = await openStore(config.store, {
    now,
    onWarning: message => log.warn(message),
    limits: others.store,
  });
  const keys = createMasterKeys(secrets.masterKeys);
  const memory = createMemory(config.cacheEntriesMax);
  const findImported = createFindImported(store, keys);
  const prove = createProve(keys, others.openedKeysMax);
  const verify = createVerify({ records: store, findImported, prove, memory, now, limits });
  const changes = { store, keys, now, limits: others.changes };
  const usage = createUsageMeter(store, now, fixedUsageLimits);
  return {
    store,
    verify,
    accessTokens: createAccessTokens(changes),
    importTokens: createImport({ store, keys, now, limits }),
    reseal: createReseal(changes),
    issueJwt: createIssueJwt(store, keys, now, limits),
    authenticate: createAuthenticate(verify, secrets.adminToken),
    currentCaller: createCurrentCaller(store, now),
    audit: createAudit(store, now),
    usage,
    async close() {
      await usage.close();
      await store.close();
    },
  };
}
