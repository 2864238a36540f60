/** AccessTokenService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import type { AccessTokenService } from '../../gen/usher/v1/access_token_pb.ts';
import {
  CreateResponseSchema,
  ExplainResponseSchema,
  GetResponseSchema,
  ImportResponseSchema,
  ListAuditEventsResponseSchema,
  ListResponseSchema,
  LookupResponseSchema,
  ResealResponseSchema,
  RevokeJwtsResponseSchema,
  RevokeResponseSchema,
  RotateResponseSchema,
  UpdateResponseSchema,
} from '../../gen/usher/v1/access_token_pb.ts';
import type { AccessTokenRecord } from '../../store/record.ts';
import { Unavailable } from '../../store/store.ts';
import type { AccessTokens, Revealed } from '../../tokens/access-tokens.ts';
import type { Audit } from '../../tokens/audit.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { ExplainTo } from '../../tokens/explain.ts';
import { invalid } from '../../tokens/fields.ts';
import type { Import } from '../../tokens/import.ts';
import type { Lookup } from '../../tokens/lookup.ts';
import type { Reseal } from '../../tokens/reseal.ts';
import type { UsageMeter } from '../../tokens/usage.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import { safeInteger, wholeSeconds } from '../rpc/time.ts';
import {
  accessTokenMessage,
  auditEventMessage,
  importResultMessage,
  usageMessage,
} from './access-token-message.ts';
import {
  fieldsOf,
  importItemOf,
  jwtTargetOf,
  kindOf,
  listQueryOf,
  maskOf,
} from './access-token-request.ts';
import { explainedMessage, matchMessage } from './explained-message.ts';
import { questionOf } from './question.ts';

export { AccessTokenService } from '../../gen/usher/v1/access_token_pb.ts';

/** What AccessTokenService needs. */
export interface AccessTokenDeps {
  accessTokens: AccessTokens;
  usage: Pick<UsageMeter, 'read'>;
  audit: Pick<Audit, 'list'>;
  importTokens: Import;
  reseal: Reseal;
  explain: ExplainTo;
  lookup: Lookup;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** The handlers of AccessTokenService. */
export function accessTokenHandlers(deps: AccessTokenDeps): Handlers<typeof AccessTokenService> {
  const { accessTokens, authenticate, now } = deps;

  /**
   * A changed record as a message, without usage if the store fails: the change is already made.
   */
  async function changed(caller: Caller, record: AccessTokenRecord) {
    const usage = await deps.usage.read(caller, record.id).catch(error => {
      if (error instanceof Unavailable) return undefined;
      throw error;
    });
    return accessTokenMessage(record, usage, now());
  }

  return {
    async create(request, call) {
      const caller = await authenticate(call);
      const kind = kindOf(request.kind);
      if (kind === undefined) throw invalid('kind', 'is required');
      const fields = fieldsOf(request);
      const made = await accessTokens.create(caller, kind, fields, requestIdOf(request));
      const accessToken = accessTokenMessage(made.record, undefined, now());
      return create(CreateResponseSchema, { accessToken, ...revealed(made) });
    },

    async get({ id }, call) {
      const { record, usage } = await accessTokens.get(await authenticate(call), id);
      return create(GetResponseSchema, { accessToken: accessTokenMessage(record, usage, now()) });
    },

    async list(request, call) {
      const caller = await authenticate(call);
      const page = await accessTokens.list(caller, listQueryOf(request));
      const at = now();
      return create(ListResponseSchema, {
        accessTokens: page.records.map((record, index) =>
          accessTokenMessage(record, page.usage[index], at),
        ),
        nextPageToken: page.nextPageToken,
        totalSize: BigInt(page.total),
      });
    },

    async update(request, call) {
      const caller = await authenticate(call);
      const { accessToken, updateMask } = request;
      if (!accessToken) throw invalid('access_token', 'is required');
      const revision = safeInteger(accessToken.revision, 'access_token.revision');
      const record = await accessTokens.update(
        caller,
        accessToken.id,
        revision,
        fieldsOf(accessToken),
        maskOf(updateMask?.paths ?? []),
        requestIdOf(request),
      );
      return create(UpdateResponseSchema, { accessToken: await changed(caller, record) });
    },

    async rotate(request, call) {
      const caller = await authenticate(call);
      const grace = request.grace ? wholeSeconds(request.grace, 'grace') : 0;
      const revision = safeInteger(request.revision, 'revision');
      const requestId = requestIdOf(request);
      const made = await accessTokens.rotate(caller, request.id, grace, revision, requestId);
      const accessToken = await changed(caller, made.record);
      return create(RotateResponseSchema, { accessToken, ...revealed(made) });
    },

    async revoke(request, call) {
      const caller = await authenticate(call);
      const { id, reason } = request;
      const record = await accessTokens.revoke(caller, id, reason, requestIdOf(request));
      return create(RevokeResponseSchema, { accessToken: await changed(caller, record) });
    },

    async revokeJwts(request, call) {
      const caller = await authenticate(call);
      const { id, reason } = request;
      const target = jwtTargetOf(request.target);
      const requestId = requestIdOf(request);
      const record = await accessTokens.revokeJwts(caller, id, target, reason, requestId);
      return create(RevokeJwtsResponseSchema, { accessToken: await changed(caller, record) });
    },

    async import(request, call) {
      const caller = await authenticate(call);
      const { dryRun, allowWeak } = request;
      const options = { dryRun, allowWeak, requestId: requestIdOf(request) };
      const results = await deps.importTokens(caller, request.items.map(importItemOf), options);
      return create(ImportResponseSchema, { results: results.map(importResultMessage) });
    },

    async reseal({ pageSize, pageToken }, call) {
      const page = await deps.reseal(await authenticate(call), { pageSize, pageToken });
      const { examined, resealed, nextPageToken, left: masterKeys } = page;
      return create(ResealResponseSchema, { examined, resealed, masterKeys, nextPageToken });
    },

    async getUsage({ id }, call) {
      return usageMessage(await deps.usage.read(await authenticate(call), id), now());
    },

    async explain(request, call) {
      const explained = await deps.explain(await authenticate(call), questionOf(request));
      return create(ExplainResponseSchema, explainedMessage(explained));
    },

    async lookup(request, call) {
      const { matches, ...page } = await deps.lookup(await authenticate(call), request);
      const at = now();
      return create(LookupResponseSchema, {
        ...page,
        matches: matches.map(match => matchMessage(match, at)),
      });
    },

    async listAuditEvents({ pageSize, pageToken, tokenId, oldestFirst }, call) {
      const query = { pageSize, pageToken, tokenId, oldestFirst };
      const { events, nextPageToken } = await deps.audit.list(await authenticate(call), query);
      return create(ListAuditEventsResponseSchema, {
        events: events.map(auditEventMessage),
        nextPageToken,
      });
    },
  };
}

function requestIdOf({ requestId }: { requestId: string }): string | undefined {
  return requestId || undefined;
}

function revealed({ record, secret }: Revealed): { token: string } | { secret: string } {
  return record.kind === 'static' ? { token: secret } : { secret };
}
