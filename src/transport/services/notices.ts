/** NoticeService: the handler of its rpc. */

import { create } from '@bufbuild/protobuf';
import type { NoticeService } from '../../gen/usher/v1/notices_pb.ts';
import { ListNoticesResponseSchema, Notice_Kind } from '../../gen/usher/v1/notices_pb.ts';
import type { ListNotices, NoticeKind } from '../../notices/notices.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { timestampOf } from '../rpc/time.ts';

export { NoticeService } from '../../gen/usher/v1/notices_pb.ts';

/** What NoticeService needs. */
export interface NoticeDeps {
  listNotices: ListNotices;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

const kinds: Record<NoticeKind, Notice_Kind> = {
  expiring: Notice_Kind.EXPIRING,
  leaked: Notice_Kind.LEAKED,
  'limit reached': Notice_Kind.LIMIT_REACHED,
  webhook: Notice_Kind.WEBHOOK,
  store: Notice_Kind.STORE,
  server: Notice_Kind.SERVER,
  job: Notice_Kind.JOB,
};

/** The handler of NoticeService. */
export function noticeHandlers(deps: NoticeDeps): Handlers<typeof NoticeService> {
  return {
    async listNotices(_, call) {
      const { notices, more } = await deps.listNotices(await deps.authenticate(call));
      return create(ListNoticesResponseSchema, {
        notices: notices.map(({ id, kind, text, path, time, isUrgent }) => ({
          ...{ id, kind: kinds[kind], text, path, urgent: isUrgent },
          ...(time !== undefined && { time: timestampOf(time) }),
        })),
        more,
      });
    },
  };
}
