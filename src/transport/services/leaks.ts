/** LeakService: the handlers of its rpcs. */

import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  DismissLeakResponseSchema,
  Leak_Done as Done,
  type LeakSchema,
  type LeakService,
  ListLeaksResponseSchema,
  Leak_What as What,
} from '../../gen/usher/v1/leaks_pb.ts';
import type { LeakDone, LeakedWhat } from '../../leaks/leak.ts';
import type { Leaks, ListedLeak } from '../../leaks/leaks.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { accessTokenMessage } from './access-token-message.ts';

export { LeakService } from '../../gen/usher/v1/leaks_pb.ts';

/** What LeakService needs. */
export interface LeakServiceDeps {
  leaks: Leaks;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The handlers of LeakService. */
export function leakHandlers(deps: LeakServiceDeps): Handlers<typeof LeakService> {
  const { leaks, authenticate, now } = deps;
  return {
    async listLeaks({ tokenId, withDismissed }, call) {
      const listed = await leaks.list(await authenticate(call), { tokenId, withDismissed });
      return create(ListLeaksResponseSchema, { leaks: listed.map(each => message(each, now())) });
    },
    async dismissLeak({ id, note }, call) {
      const dismissed = await leaks.dismiss(await authenticate(call), id, note);
      return create(DismissLeakResponseSchema, { leak: message(dismissed, now()) });
    },
  };
}

const whats: Record<LeakedWhat, What> = {
  token: What.TOKEN,
  'secret key': What.SECRET_KEY,
  jwt: What.JWT,
  'admin token': What.ADMIN_TOKEN,
};
const dones: Record<LeakDone, Done> = {
  revoked: Done.REVOKED,
  flagged: Done.FLAGGED,
  failed: Done.FAILED,
};

function message({ leak, record }: ListedLeak, nowMs: number): MessageInitShape<typeof LeakSchema> {
  const { id, what, done, problem, findings, dismissed } = leak;
  return {
    ...{ id, problem, what: whats[what], done: dones[done] },
    ...(record && { accessToken: accessTokenMessage(record, undefined, nowMs) }),
    findings: findings.map(({ at, by, source, url }) => {
      return { time: timestampFromMs(at), reporter: by, source, url };
    }),
    ...(dismissed && {
      dismissTime: timestampFromMs(dismissed.at),
      dismissedBy: dismissed.name || dismissed.by,
      dismissNote: dismissed.note,
    }),
  };
}
