/** StoreService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { StoreService } from '../../gen/usher/v1/store_pb.ts';
import {
  AcceptStoreResponseSchema,
  GetStoreStatusResponseSchema,
  ListDocumentsResponseSchema,
  ListRecordsResponseSchema,
  MigrateResponseSchema,
  ReadBackupResponseSchema,
} from '../../gen/usher/v1/store_pb.ts';
import type { LogPoint, StoreStatus } from '../../store/status.ts';
import type { ReadBackup } from '../../tokens/backup.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { Oversight } from '../../tokens/oversight.ts';
import type { StoreCare } from '../../tokens/store-care.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';

export { StoreService } from '../../gen/usher/v1/store_pb.ts';

/** What StoreService needs. */
export interface StoreDeps {
  oversight: Oversight;
  storeCare: StoreCare;
  readBackup: ReadBackup;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

/** The handlers of StoreService. */
export function storeHandlers(deps: StoreDeps): Handlers<typeof StoreService> {
  const { oversight, storeCare, readBackup, authenticate } = deps;
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
    async listDocuments({ name, pageToken }, call) {
      const page = await storeCare.listDocuments(await authenticate(call), name, pageToken);
      return create(ListDocumentsResponseSchema, {
        documents: page.documents.map(each => ({ ...each, revision: BigInt(each.revision) })),
        nextPageToken: page.nextPageToken,
        readTime: timestampFromMs(page.readAt),
      });
    },
    async readBackup({ pageToken }, call) {
      const page = await readBackup(await authenticate(call), pageToken);
      return create(ReadBackupResponseSchema, page);
    },
    async getStoreStatus(_, call) {
      return statusMessage(await oversight.status(await authenticate(call)));
    },
    async acceptStore(_, call) {
      await oversight.accept(await authenticate(call));
      return create(AcceptStoreResponseSchema, {});
    },
  };
}

function statusMessage(status: StoreStatus) {
  const { replica, identity, head, storeIdentity, storeHead, problem, lost, replicas } = status;
  return create(GetStoreStatusResponseSchema, {
    replica,
    identity: identity ?? '',
    storeIdentity: storeIdentity ?? '',
    problem: problem ?? '',
    ...(head && { head: pointMessage(head) }),
    ...(storeHead && { storeHead: pointMessage(storeHead) }),
    lost: lost.map(({ sequence, time, action, tokenId, document = '', isPutBack }) => ({
      ...{ action, tokenId, document, putBack: isPutBack },
      sequence: BigInt(sequence),
      time: timestampFromMs(time),
    })),
    replicas: replicas.map(({ replica, version = '', time, ...each }) => ({
      ...{ replica, version },
      head: pointMessage(each),
      time: timestampFromMs(time),
    })),
  });
}

function pointMessage({ sequence, hash }: LogPoint) {
  return { sequence: BigInt(sequence), hash };
}
