/** StoreService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import type { StoreService } from '../../gen/usher/v1/store_pb.ts';
import {
  ListRecordsResponseSchema,
  MigrateResponseSchema,
  ReadBackupResponseSchema,
} from '../../gen/usher/v1/store_pb.ts';
import type { ReadBackup } from '../../tokens/backup.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { StoreCare } from '../../tokens/store-care.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';

export { StoreService } from '../../gen/usher/v1/store_pb.ts';

/** What StoreService needs. */
export interface StoreDeps {
  storeCare: StoreCare;
  readBackup: ReadBackup;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

/** The handlers of StoreService. */
export function storeHandlers(deps: StoreDeps): Handlers<typeof StoreService> {
  const { storeCare, readBackup, authenticate } = deps;
  return {
    async migrate({ pageToken }, call) {
      const page = await storeCare.migrate(await authenticate(call), pageToken);
      return create(MigrateResponseSchema, page);
    },
    async listRecords({ id, pageToken }, call) {
      const page = await storeCare.listRecords(await authenticate(call), id, pageToken);
      return create(ListRecordsResponseSchema, {
        records: page.records.map(({ id, revision, eventId }) => {
          return { id, revision: BigInt(revision), eventId };
        }),
        nextPageToken: page.nextPageToken,
      });
    },
    async readBackup({ pageToken }, call) {
      const page = await readBackup(await authenticate(call), pageToken);
      return create(ReadBackupResponseSchema, page);
    },
  };
}
