/** The services with their handlers: which rpc is answered by what. */

import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import { createNoteRefusal } from '../tokens/refusals.ts';
import { createCallerOf, type SessionOf, withRefusalsNoted } from '../transport/rpc/caller-of.ts';
import { type Binding, bind } from '../transport/rpc/handlers.ts';
import { AccessTokenService, accessTokenHandlers } from '../transport/services/access-token.ts';
import { createChanges } from '../transport/services/changes.ts';
import { StoreService, storeHandlers } from '../transport/services/store.ts';
import { VerifierService, verifierHandlers } from '../transport/services/verifier.ts';
import { createWatch } from '../transport/services/watch.ts';
import type { Core } from './core.ts';

/** Refused calls of the API that the audit log takes a minute. */
const refusalsPerMinuteMax = 600;
/** Messages of one stream that are worked on at once. */
const streamMessagesAtOnceMax = 16;
/** Changes that a watcher who was away, or reads slowly, is still told one by one. */
const changesBacklogMax = 10_000;
/** Access tokens named in one message of a watch. */
const watchIdsMax = 256;

/** The services of each listener. */
export interface Services {
  /** For everyone who verifies. */
  verifier: Binding[];
  /** For the API Manager: its API, and the verifier for its web app and the command line. */
  manager: Binding[];
}

/** Binds the services. */
export function createServices(
  config: Config,
  core: Core,
  log: Logger,
  now: () => number,
  sessionOf: SessionOf,
): Services {
  const note = createNoteRefusal(core.audit, now, refusalsPerMinuteMax);
  const onFailure = (error: unknown) => log.error({ error }, 'a refused call was not recorded');
  const { leaseMs, watchersMax } = config;
  const monotonicMs = () => performance.now();
  const changes = createChanges(core.store.feed, changesBacklogMax, monotonicMs);
  const heartbeatMs = Math.max(10, Math.floor(leaseMs / 8));
  const watchLimits = { watchersMax, leaseMs, heartbeatMs, idsMax: watchIdsMax };
  const watch = createWatch({ changes, limits: watchLimits, monotonicMs });
  const verifier = (session?: SessionOf) => {
    const handlers = verifierHandlers({
      verify: core.verify,
      issueJwt: core.issueJwt,
      authenticate: createCallerOf(core.authenticate, session),
      now,
      watch,
      instance: changes.instance,
      batchMax: config.batchMax,
      streamMessagesAtOnceMax,
    });
    return withRefusalsNoted(bind(VerifierService, handlers), note, onFailure, ['issueJwt']);
  };
  const authenticate = createCallerOf(core.authenticate, sessionOf);
  const accessTokens = bind(
    AccessTokenService,
    accessTokenHandlers({ ...core, authenticate, now }),
  );
  const store = bind(
    StoreService,
    storeHandlers({ ...core, authenticate: createCallerOf(core.authenticate) }),
  );
  return {
    verifier: [verifier()],
    manager: [
      withRefusalsNoted(accessTokens, note, onFailure),
      withRefusalsNoted(store, note, onFailure),
      verifier(sessionOf),
    ],
  };
}
