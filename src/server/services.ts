/** Binds the rpc services to their handlers. */

import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import { createKeyCustody, type KeyKeeper } from '../tokens/key-custody.ts';
import { createLogCustody, type LogLevels } from '../tokens/log-custody.ts';
import { type Admit, admitAnyone } from '../transport/rpc/admission.ts';
import type { Call } from '../transport/rpc/call.ts';
import { type CallerOf, createCallerOf, withRefusalsNoted } from '../transport/rpc/caller-of.ts';
import type { Origins } from '../transport/rpc/client-address.ts';
import { type Binding, bind } from '../transport/rpc/handlers.ts';
import { type Observed, observedBindings } from '../transport/rpc/observed.ts';
import { createSessionOf } from '../transport/rpc/session-of.ts';
import { AccessTokenService, accessTokenHandlers } from '../transport/services/access-token.ts';
import { createChanges } from '../transport/services/changes.ts';
import { InvitationService, invitationHandlers } from '../transport/services/invitations.ts';
import { JobService, jobsHandlers } from '../transport/services/jobs.ts';
import { KeyService, keysHandlers } from '../transport/services/keys.ts';
import { LeakService, leakHandlers } from '../transport/services/leaks.ts';
import { changeBytes, streamMessagesAtOnceMax } from '../transport/services/limits.ts';
import { LogService, logHandlers } from '../transport/services/log.ts';
import { NoticeService, noticeHandlers } from '../transport/services/notices.ts';
import { PeopleService, peopleHandlers } from '../transport/services/people.ts';
import { SignInService, signInHandlers } from '../transport/services/sign-in.ts';
import { StoreService, storeHandlers } from '../transport/services/store.ts';
import { VerifierService, verifierHandlers } from '../transport/services/verifier.ts';
import { createWatch } from '../transport/services/watch.ts';
import { WebhookService, webhookHandlers } from '../transport/services/webhooks.ts';
import { createAdmissions } from './admissions.ts';
import type { Core } from './core.ts';
import { limitsOf } from './limits.ts';
import type { WebManager } from './manager.ts';
import type { Metrics } from './metrics/metrics.ts';
import type { Webhooking } from './webhooks.ts';

/** The services of each listener. */
export interface Services {
  /** Lets gateways ask for verdicts on the gRPC and HTTP listeners, as the callers of VerifierService. */
  admit: Admit;
  /** For the gRPC and HTTP listeners. */
  verifier: Binding[];
  /** For the API Manager: its API, and verification for the web app and the command line. */
  manager: Binding[];
}

/** What the services are made of. */
export interface ServicesDeps {
  config: Config;
  core: Core;
  web: WebManager;
  /** Milliseconds since 1970. */
  now(): number;
  metrics: Pick<Metrics, 'memory' | 'caller'>;
  log: Pick<Logger, 'warn'>;
  webhooking: Webhooking;
  /** Absent in a worker. */
  keeper: KeyKeeper | undefined;
  /** Finds clients behind trusted proxies. */
  origins: Pick<Origins, 'call'>;
  logLevels: LogLevels;
  /** Where calls are observed. */
  observing: Observed;
}

/** Creates the services. Calls of the web app authenticate by its sessions. */
export function createServices(deps: ServicesDeps): Services {
  const { config, core, web, now, metrics, log, keeper, origins, observing } = deps;
  const limits = limitsOf(config).watch;
  const addressOf = (call: Call) => origins.call(call).address;
  const sessionOf = createSessionOf(web.manager, addressOf);
  const withoutSession = createCallerOf(core.authenticate, addressOf);
  const monotonicMs = () => performance.now();
  const changes = createChanges(core.store.feed, limits.changesBacklogMax, monotonicMs);
  metrics.memory(
    'changesBacklog',
    () => changes.retainedCount * changeBytes,
    limits.changesBacklogMax * changeBytes,
  );
  const watch = createWatch({ changes, records: core.store, limits, monotonicMs });
  const authenticate = createCallerOf(core.authenticate, addressOf, sessionOf);
  const admissions = createAdmissions(config, {
    ...{ core, metrics, log, now, addressOf },
    managerCallerOf: authenticate,
  });
  const verifier = (admit: Admit<Call>, callerOf: CallerOf) => {
    const handlers = verifierHandlers({
      verify: core.verify,
      ...{ admit, now, authenticate: callerOf },
      ...(admit === admitAnyone ? {} : { admitAgainMs: limits.heartbeatMs }),
      issueJwt: core.issueJwt,
      addressOf,
      watch,
      instance: changes.instance,
      batchMax: config.batchMax,
      streamMessagesAtOnceMax,
    });
    return withRefusalsNoted(bind(VerifierService, handlers), core.sums, addressOf, ['issueJwt']);
  };
  const accessTokens = bind(
    AccessTokenService,
    accessTokenHandlers({ ...core, authenticate, now }),
  );
  const jobs = bind(JobService, jobsHandlers({ ...core, authenticate, now }));
  const store = bind(StoreService, storeHandlers({ ...core, authenticate: withoutSession }));
  const webhooks = bind(WebhookService, webhookHandlers({ ...deps.webhooking, authenticate }));
  const notices = bind(NoticeService, noticeHandlers({ ...deps.webhooking, authenticate }));
  const invitations = bind(
    InvitationService,
    invitationHandlers({ ...core, authenticate, origin: web.origin }),
  );
  const logCustody = createLogCustody(deps.logLevels, core.audit);
  const logs = bind(LogService, logHandlers({ logCustody, authenticate: withoutSession }));
  const keys = keeper === undefined ? [] : [keysBinding(core, keeper, withoutSession)];
  const leaks = bind(LeakService, leakHandlers({ ...core.leakReports, authenticate, now }));
  const people = bind(PeopleService, peopleHandlers({ people: core.peopleAdmin, authenticate }));
  const { createSignInCode } = web;
  const signIn = bind(
    SignInService,
    signInHandlers({ createSignInCode, authenticate: withoutSession }),
  );
  const observed = (bindings: Binding[]) => observedBindings(bindings, observing);
  return {
    admit: admissions.gateways,
    verifier: observed([verifier(admissions.verifier, withoutSession)]),
    manager: observed([
      withRefusalsNoted(accessTokens, core.sums, addressOf),
      withRefusalsNoted(jobs, core.sums, addressOf),
      withRefusalsNoted(store, core.sums, addressOf),
      withRefusalsNoted(webhooks, core.sums, addressOf),
      withRefusalsNoted(notices, core.sums, addressOf),
      withRefusalsNoted(leaks, core.sums, addressOf),
      withRefusalsNoted(invitations, core.sums, addressOf),
      ...keys.map(each => withRefusalsNoted(each, core.sums, addressOf)),
      withRefusalsNoted(logs, core.sums, addressOf),
      withRefusalsNoted(signIn, core.sums, addressOf),
      withRefusalsNoted(people, core.sums, addressOf),
      verifier(admissions.manager, authenticate),
    ]),
  };
}

function keysBinding(
  { countKeyUse, keyRing, audit }: Core,
  keeper: KeyKeeper,
  authenticate: ReturnType<typeof createCallerOf>,
): Binding {
  const custody = createKeyCustody(keeper, countKeyUse, keyRing.keys, audit);
  return bind(KeyService, keysHandlers({ custody, authenticate }));
}
