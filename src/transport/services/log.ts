/** LogService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import type { LogService } from '../../gen/usher/v1/log_pb.ts';
import { GetLogLevelResponseSchema, SetLogLevelResponseSchema } from '../../gen/usher/v1/log_pb.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { LogCustody } from '../../tokens/log-custody.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';

export { LogService } from '../../gen/usher/v1/log_pb.ts';

/** What LogService needs. */
export interface LogDeps {
  logCustody: LogCustody;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

/** The handlers of LogService. */
export function logHandlers({ logCustody, authenticate }: LogDeps): Handlers<typeof LogService> {
  return {
    async getLogLevel(_, call) {
      const { level, configured } = logCustody.show(await authenticate(call));
      return create(GetLogLevelResponseSchema, { level, configuredLevel: configured });
    },
    async setLogLevel({ level }, call) {
      const { previous, waitsFor } = await logCustody.change(await authenticate(call), level);
      return create(SetLogLevelResponseSchema, { previousLevel: previous, waitsFor });
    },
  };
}
