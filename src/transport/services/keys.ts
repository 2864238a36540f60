/** KeyService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { KeyService } from '../../gen/usher/v1/keys_pb.ts';
import {
  CountKeyUseResponseSchema,
  GetKeysResponseSchema,
  ReloadKeysResponseSchema,
  RemoveKeyResponseSchema,
  RotateKeysResponseSchema,
} from '../../gen/usher/v1/keys_pb.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { KeyCustody, KeysStatus } from '../../tokens/key-custody.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';

export { KeyService } from '../../gen/usher/v1/keys_pb.ts';

/** What KeyService needs. */
export interface KeysDeps {
  custody: KeyCustody;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

/** The handlers of KeyService. */
export function keysHandlers({ custody, authenticate }: KeysDeps): Handlers<typeof KeyService> {
  return {
    async getKeys(_, call) {
      const status = await custody.status(await authenticate(call));
      return create(GetKeysResponseSchema, { status: statusMessage(status) });
    },
    async reloadKeys(_, call) {
      const status = await custody.reload(await authenticate(call));
      return create(ReloadKeysResponseSchema, { status: statusMessage(status) });
    },
    async rotateKeys(_, call) {
      const { newId, status } = await custody.rotate(await authenticate(call));
      return create(RotateKeysResponseSchema, { newId, status: statusMessage(status) });
    },
    async removeKey({ id }, call) {
      const status = await custody.remove(await authenticate(call), id);
      return create(RemoveKeyResponseSchema, { status: statusMessage(status) });
    },
    async countKeyUse({ pageToken }, call) {
      const page = await custody.count(await authenticate(call), pageToken);
      return create(CountKeyUseResponseSchema, page);
    },
  };
}

function statusMessage({ source, keys, replicas, waitsFor, problem = '' }: KeysStatus) {
  return {
    ...{ source, waitsFor, problem },
    keys: keys.map(({ id, writes, isListed: listed }) => ({ id, writes, listed })),
    replicas: replicas.map(({ time, ...each }) => ({ ...each, time: timestampFromMs(time) })),
  };
}
