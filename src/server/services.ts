/** The services with their handlers: which rpc is answered by what. */

import type { Logger } from '../log.ts';
import type { Config } from '../settings/config.ts';
import { refusalsPerMinuteMax } from '../tokens/limits.ts';
import { createNoteRefusal } from '../tokens/refusals.ts';
import { createCallerOf, type SessionOf, withRefusalsNoted } from '../transport/rpc/caller-of.ts';
import { type Binding, bind } from '../transport/rpc/handlers.ts';
import { AccessTokenService, accessTokenHandlers } from '../transport/services/access-token.ts';
import { createChanges } from '../transport/services/changes.ts';
import { streamMessagesAtOnceMax } from '../transport/services/limits.ts';
import {
  type OnVerdict,
  VerifierService,
  verifierHandlers,
} from '../transport/services/verifier.ts';
import { createWatch } from '../transport/services/watch.ts';
import type { Rooms } from './core.ts';
import { limitsOf } from './limits.ts';

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
  rooms: Rooms,
  log: Logger,
  now: () => number,
  onVerdict: OnVerdict,
  sessionOf: SessionOf,
): Services {
  const note = createNoteRefusal(rooms.audit, now, refusalsPerMinuteMax);
  const onFailure = (error: unknown) => log.error({ error }, 'a refused call was not recorded');
  const limits = limitsOf(config).watch;
  const monotonicMs = () => performance.now();
  const changes = createChanges(rooms.store.feed, limits.changesKeptMax, monotonicMs);
  const watch = createWatch({ changes, limits, monotonicMs });
  const verifier = (session?: SessionOf) => {
    const handlers = verifierHandlers({
      verify: rooms.verify,
      issueJwt: rooms.issueJwt,
      authenticate: createCallerOf(rooms.authenticate, session),
      now,
      watch,
      instance: changes.instance,
      batchMax: config.batchMax,
      streamMessagesAtOnceMax,
      onVerdict,
    });
    return withRefusalsNoted(bind(VerifierService, handlers), note, onFailure, ['issueJwt']);
  };
  const authenticate = createCallerOf(rooms.authenticate, sessionOf);
  const accessTokens = bind(
    AccessTokenService,
    accessTokenHandlers({ ...rooms, authenticate, now }),
  );
  return {
    verifier: [verifier()],
    manager: [withRefusalsNoted(accessTokens, note, onFailure), verifier(sessionOf)],
  };
}
