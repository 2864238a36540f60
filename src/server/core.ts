/** Wires up everything behind the listeners: the store, verification and token operations. */

import type { ReadTotalUse } from '../limiting/total-use.ts';
import type { Logger } from '../log.ts';
import { createLimitNotes } from '../notices/limit-notes.ts';
import { noticeLimits } from '../notices/limits.ts';
import type { OutboundFetch } from '../outbound/outbound.ts';
import { type ActorNames, createActorNames, createNameOfPerson } from '../people/actor-names.ts';
import { createPeopleAdmin, type PeopleAdmin } from '../people/administer.ts';
import { createInvitations, type Invitations } from '../people/invitations.ts';
import { createPasskeys, type Passkeys } from '../people/passkeys.ts';
import { createPeople, nameOfPerson, type People, withPeople } from '../people/people.ts';
import { createSessionList, type SessionList } from '../people/session-list.ts';
import { relyingPartyOf } from '../people/webauthn.ts';
import type { Config } from '../settings/config.ts';
import type { ServerSecrets } from '../settings/first-start.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/store.ts';
import { type AccessTokens, createAccessTokens } from '../tokens/access-tokens.ts';
import { type Audit, createAudit } from '../tokens/audit.ts';
import { createReadBackup, type ReadBackup } from '../tokens/backup.ts';
import {
  type Authenticate,
  type CurrentCaller,
  createAuthenticate,
  createCurrentCaller,
} from '../tokens/caller.ts';
import { createClaim } from '../tokens/claims.ts';
import { createExplainTo, type ExplainTo } from '../tokens/explain.ts';
import { createGuesses, type Guesses } from '../tokens/guesses.ts';
import { createImport, type Import } from '../tokens/import.ts';
import { countIssued, createIssueJwt, type IssueJwt } from '../tokens/issue.ts';
import type { Jobs } from '../tokens/jobs/jobs.ts';
import { openJobs } from '../tokens/jobs/open-jobs.ts';
import { type CountKeyUse, createCountKeyUse } from '../tokens/key-use.ts';
import { fixedChangeLimits, usageCountBytes } from '../tokens/limits.ts';
import { createDirectory } from '../tokens/list/directory.ts';
import { createLookup, type Lookup } from '../tokens/lookup.ts';
import { createOversight, type Oversight } from '../tokens/oversight.ts';
import { createReseal, type Reseal } from '../tokens/reseal.ts';
import { createRetention } from '../tokens/retention.ts';
import { createStoreCare, type StoreCare } from '../tokens/store-care.ts';
import { createSums, type Sums } from '../tokens/sums.ts';
import { createUsageMeter, type UsageMeter } from '../tokens/usage.ts';
import type { DoorVerify } from '../transport/rpc/call.ts';
import { createExplain } from '../verify/explain.ts';
import { createFindImported } from '../verify/imported.ts';
import { createKeyRing, type KeyRing } from '../verify/key-ring.ts';
import { createIsProven, createProofCache } from '../verify/proof-cache.ts';
import { createProve } from '../verify/prove.ts';
import { createVerify } from '../verify/verify.ts';
import { version } from '../version.ts';
import { webhookSeals } from '../webhooks/webhook.ts';
import { reportBrokenRecords } from './broken-records.ts';
import { countVerdicts } from './count-verdicts.ts';
import { endWith } from './last-resort.ts';
import { type LeakReports, openLeaks } from './leaks.ts';
import { startLimiting } from './limiting.ts';
import { limitsOf } from './limits.ts';
import { logFailures } from './log-failures.ts';
import { countStore } from './metrics/count-store.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Observing } from './observing.ts';
import { openOutbound } from './outbound.ts';
import { reportGuesses } from './report-guesses.ts';
import { showKeyUse } from './show-key-use.ts';
import { stopStep } from './stop-step.ts';
import { tracedStore, tracedVerify } from './traced-core.ts';

/** Everything behind the listeners. */
export interface Core {
  /** The requests that Usher itself makes. */
  outboundFetch: OutboundFetch;
  store: Store;
  /** The master keys in use. */
  keyRing: KeyRing;
  /** Counts what depends on which master key. */
  countKeyUse: CountKeyUse;
  /** Verifies an Authorization header for an endpoint, and counts the verdict. */
  verify: DoorVerify;
  /** Creates, lists, changes, rotates and revokes access tokens. */
  accessTokens: AccessTokens;
  /** Acts on many access tokens. */
  jobs: Jobs;
  /** Imports tokens of other systems. */
  importTokens: Import;
  /** Re-encrypts secrets with the first master key. */
  reseal: Reseal;
  /** Explains verdicts. */
  explain: ExplainTo;
  /** Finds what a credential or a name belongs to. */
  lookup: Lookup;
  /** Takes reports of leaked credentials, and lists them. */
  leakReports: LeakReports;
  /** Signs JWTs. */
  issueJwt: IssueJwt;
  /** Authenticates callers of the API. */
  authenticate: Authenticate;
  /** The same for callers of Verify: to ask for a verdict is no use of their own token. */
  authenticateAsker: Authenticate;
  /** Counts wrong credentials, and slows their sources. */
  guesses: Guesses;
  /** Looks up a caller again, for sessions. */
  currentCaller: CurrentCaller;
  /** Who may sign in to the API Manager. */
  people: People;
  /** The links by which people come in. */
  invitations: Invitations;
  /** Their second way in. */
  passkeys: Passkeys;
  /** Who is signed in there. */
  sessionList: SessionList;
  /** Shows and changes both. */
  peopleAdmin: PeopleAdmin;
  /** What actors are called. */
  actorNames: ActorNames;
  /** Writes and lists the audit log. */
  audit: Audit;
  /** Shows and accepts the store. */
  oversight: Oversight;
  /** Migrates the store, and compares it with the audit log. */
  storeCare: StoreCare;
  /** Sums for the audit log: refused calls and signed JWTs. */
  sums: Sums;
  /** Reads a backup of the store. */
  readBackup: ReadBackup;
  /** Counts the uses of access tokens. */
  usage: UsageMeter;
  /** What is used of the limits of an access token, of all replicas. */
  readTotalUse: ReadTotalUse;
  /** Writes the remaining usage counts and closes the store. */
  close(): Promise<void>;
}

/** Time for the last counts, and for closing the store, in milliseconds each. */
const closeMs = 2000;

/**
 * Opens the store and wires up the rest. `now` is in milliseconds since 1970. A worker leaves jobs to
 * the primary process.
 */
export async function openCore(
  config: Config,
  secrets: ServerSecrets,
  log: Logger,
  now: () => number,
  metrics: Pick<
    Metrics,
    | 'verdict'
    | 'unavailable'
    | 'caller'
    | 'brokenRecord'
    | 'wrongCredential'
    | 'slowed'
    | 'memory'
    | 'limiting'
    | 'store'
    | 'keyUse'
    | 'leakReport'
  >,
  isWorker = false,
  observing?: Pick<Observing, 'tracing' | 'logRefusal'>,
): Promise<Core> {
  const { verify: limits, ...others } = limitsOf(config, metrics.memory);
  const keyRing = createKeyRing(secrets.masterKeys);
  const { keys, seal } = keyRing;
  const { cache } = others.store;
  cache.records.lookups = metrics.store.lookups('records');
  cache.imported.lookups = metrics.store.lookups('imported');
  others.proofs.lookups = metrics.store.lookups('proven_headers');
  const opened = await openStore(config.store, {
    now,
    onWarning: message => log.warn(message),
    onNotice: message => log.info(message),
    onBroken: reportBrokenRecords(metrics, log),
    onDead: problem => endWith(log, problem),
    ...{ seal, version },
    stateFile: config.stateFile,
    limits: others.store,
  });
  const failed = logFailures((fields, text) => log.error(fields, text), opened.health);
  const tracing = observing?.tracing;
  const outboundFetch = openOutbound(config, tracing);
  const counted = countStore(opened, metrics.store);
  const store = tracing === undefined ? counted : tracedStore(counted, tracing);
  const proofs = createProofCache(others.proofs);
  const findImported = createFindImported(store, keys);
  const prove = createProve(keys, others.openedKeys);
  const onOver = createLimitNotes({
    ...{ store, now, limits: noticeLimits },
    onFailure: error => failed(error, 'that a limit was reached could not be noted'),
  });
  const limiting = startLimiting({
    ...{ store, keys, now, log, metrics, limits: others.limiting, onOver },
  });
  const { tokenLimits } = limiting;
  const decision = { records: store, keys, findImported, prove, now, limits, tokenLimits };
  const leakDeps = { ...decision, store, outboundFetch };
  const decide = createVerify({ ...decision, proofs });
  const verify = tracing === undefined ? decide : tracedVerify(decide, tracing);
  const { tokenPrefix } = config;
  const changes = { store, keys, now, limits: others.changes, tokenPrefix };
  const people = createPeople(store, now);
  const audit = createAudit({ store, keys, now, nameOfActor: nameOfPerson(people) });
  const sums = createSums({
    audit,
    limits: others.sums,
    onFailure: error => failed(error, 'counts for the audit log were not written; they are kept'),
  });
  const guesses = createGuesses({
    limits: others.guesses,
    monotonicMs: () => performance.now(),
    ...reportGuesses(metrics, log),
  });
  metrics.memory('guesses', () => guesses.bytes, others.guesses.bytesMax);
  const retention = createRetention({
    ...{ store, now, limits: others.retention },
    onFailure: error => failed(error, 'old entries of the audit log were not removed'),
  });
  const usage = createUsageMeter(store, now, others.usage, uses =>
    log.warn({ uses }, 'the store was away for too long: uses of access tokens were not counted'),
  );
  metrics.memory(
    'usage',
    () => usage.pendingCount * usageCountBytes,
    others.usage.pendingMax * usageCountBytes,
  );
  const sessionList = createSessionList({
    ...{ documents: store, ended: store, log: store, now },
    idleMs: others.manager.sessionIdleMs,
  });
  const currentCaller = withPeople(createCurrentCaller(store, now), people);
  const { jobs, close: closeJobs } = openJobs({
    ...{ store, changes, currentCaller, now, limits: others.jobs, works: !isWorker },
    onFailure: (error, jobId) => failed(error, 'a job cannot go on; it is tried again', { jobId }),
    onBug: error => log.error({ error }, 'internal error in an act of a job'),
  });
  const directory = createDirectory({
    ...{ store, now, limits: others.directory },
    monotonicMs: () => performance.now(),
  });
  metrics.memory('directory', () => directory.bytes, others.directory.bytesMax);
  const isProven = createIsProven(proofs, limits);
  const { adminToken } = secrets;
  const authenticating = { records: store, isProven, guesses, adminToken };
  const accessTokens = createAccessTokens({
    ...{ ...changes, directory },
    nameOfActor: createNameOfPerson(people),
  });
  return {
    store,
    outboundFetch,
    keyRing,
    countKeyUse: showKeyUse(createCountKeyUse(store, now), metrics.keyUse),
    verify: countVerdicts(verify, {
      metrics,
      usage,
      keepsAddress: config.lastAddress === 'on',
      logRefusal: observing?.logRefusal,
    }),
    accessTokens,
    leakReports: openLeaks(config, { ...leakDeps, accessTokens, adminToken }, metrics, log),
    jobs,
    importTokens: createImport({ store, keys, now, limits }),
    reseal: createReseal(changes, { webhooks: webhookSeals(keys, now) }),
    explain: createExplainTo(createExplain(decision)),
    lookup: createLookup({ ...decision, store }),
    issueJwt: countIssued(createIssueJwt(store, keys, now, limits), sums),
    authenticate: createAuthenticate({ ...authenticating, verify }),
    authenticateAsker: createAuthenticate({
      ...authenticating,
      verify: question => verify({ ...question, isUse: false }),
    }),
    ...{ guesses, currentCaller, people, sessionList },
    peopleAdmin: createPeopleAdmin({ people, sessionList, records: store, keys }),
    actorNames: createActorNames(people, store),
    invitations: createInvitations({
      ...{ documents: store, people, records: store, now, lifetimeMs: config.invitationMs },
      claim: createClaim(store, keys, now, fixedChangeLimits.requestMs),
    }),
    passkeys: createPasskeys(people, relyingPartyOf(config.managerUrl), now, (by, { name }) =>
      audit.add({ action: 'passkey.clone', ...by, detail: name }),
    ),
    audit,
    sums,
    oversight: createOversight(store),
    storeCare: createStoreCare(store, keys, audit, now),
    readBackup: createReadBackup({ store, seal, audit }),
    usage,
    readTotalUse: limiting.readTotalUse,
    async close() {
      await stopStep('jobs', closeJobs(), closeMs, log);
      directory.close();
      await stopStep('sums', Promise.all([sums.close(), retention.close()]), closeMs, log);
      await stopStep('usage', Promise.all([usage.close(), limiting.close()]), closeMs, log);
      await stopStep('store', store.close(), closeMs, log);
    },
  };
}
