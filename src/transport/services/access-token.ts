/** AccessTokenService: the handlers of its rpcs. */

import { create } from '@bufbuild/protobuf';
import type { AccessToken, AccessTokenService } from '../../gen/usher/v1/access_token_pb.ts';
import {
  CreateAccessTokenResponseSchema,
  EndGraceResponseSchema,
  ExplainResponseSchema,
  FindJwtRevocationsResponseSchema,
  GetAccessTokenResponseSchema,
  ImportAccessTokensResponseSchema,
  ListAccessTokensResponseSchema,
  ListAuditEventsResponseSchema,
  ListValuesResponseSchema,
  LookupResponseSchema,
  ResealAccessTokensResponseSchema,
  RevokeAccessTokenResponseSchema,
  RevokeJwtsResponseSchema,
  RotateAccessTokenResponseSchema,
  UpdateAccessTokenResponseSchema,
} from '../../gen/usher/v1/access_token_pb.ts';
import type { ReadTotalUse } from '../../limiting/total-use.ts';
import type { ActorNames } from '../../people/actor-names.ts';
import type { AccessTokenRecord } from '../../store/record.ts';
import { Unavailable } from '../../store/store.ts';
import type { AccessTokens, Revealed } from '../../tokens/access-tokens.ts';
import type { Audit } from '../../tokens/audit.ts';
import type { Caller } from '../../tokens/caller.ts';
import type { ExplainTo } from '../../tokens/explain.ts';
import type { Import } from '../../tokens/import.ts';
import type { Lookup } from '../../tokens/lookup.ts';
import type { Reseal } from '../../tokens/reseal.ts';
import type { UsageMeter } from '../../tokens/usage.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';
import {
  accessTokenMessage,
  addActorNames,
  addLimitUses,
  importResultMessage,
  usageMessage,
} from './access-token-message.ts';
import {
  createOf,
  importItemsOf,
  inAccessToken,
  requestIdOf,
  revokeJwtsOf,
  rotateOf,
  updateOf,
} from './access-token-request.ts';
import {
  auditPageMessage,
  auditQueryOf,
  revocationQueryOf,
  revocationsMessage,
} from './audit-events.ts';
import { explainedMessage, matchMessage } from './explained-message.ts';
import { listQueryOf, valuesQueryOf } from './list-request.ts';
import { questionOf } from './question.ts';

export { AccessTokenService } from '../../gen/usher/v1/access_token_pb.ts';

/** What AccessTokenService needs. */
export interface AccessTokenDeps {
  accessTokens: AccessTokens;
  usage: Pick<UsageMeter, 'read' | 'report'>;
  readTotalUse: ReadTotalUse;
  audit: Pick<Audit, 'list' | 'findRevocations'>;
  importTokens: Import;
  reseal: Reseal;
  explain: ExplainTo;
  lookup: Lookup;
  actorNames: ActorNames;
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

  async function nameActors(caller: Caller, messages: readonly AccessToken[]) {
    const actors = messages.flatMap(({ createdBy, changedBy }) => [createdBy, changedBy]);
    addActorNames(messages, await deps.actorNames(caller, actors));
  }

  return {
    async create(request, call) {
      const caller = await authenticate(call);
      const { kind, fields, requestId } = createOf(request, now());
      const made = await accessTokens.create(caller, kind, fields, requestId);
      const accessToken = accessTokenMessage(made.record, undefined, now());
      return create(CreateAccessTokenResponseSchema, { accessToken, ...revealed(made) });
    },

    async get({ id }, call) {
      const caller = await authenticate(call);
      const { record, usage } = await accessTokens.get(caller, id);
      const accessToken = accessTokenMessage(record, usage, now());
      await nameActors(caller, [accessToken]);
      addLimitUses(accessToken, await deps.readTotalUse(record));
      return create(GetAccessTokenResponseSchema, { accessToken });
    },

    async list(request, call) {
      const caller = await authenticate(call);
      const page = await accessTokens.list(caller, listQueryOf(request));
      const at = now();
      const messages = page.records.map((record, index) =>
        accessTokenMessage(record, page.usage[index], at),
      );
      await nameActors(caller, messages);
      return create(ListAccessTokensResponseSchema, {
        accessTokens: messages,
        nextPageToken: page.nextPageToken,
        totalSize: BigInt(page.total),
        searchedSize: BigInt(page.searched),
        matchingSize: BigInt(page.matching),
        matchingSizeFinal: page.isCounted,
      });
    },

    async listValues(request, call) {
      const caller = await authenticate(call);
      const found = await accessTokens.listValues(caller, valuesQueryOf(request));
      return create(ListValuesResponseSchema, {
        values: found.values.map(({ count, ...each }) => ({ ...each, size: BigInt(count) })),
        totalSize: BigInt(found.total),
        final: found.isFinal,
      });
    },

    async update(request, call) {
      const caller = await authenticate(call);
      const record = await inAccessToken(async () => {
        const { id, revision, fields, mask, requestId } = updateOf(request, now());
        return await accessTokens.update(caller, id, revision, fields, mask, requestId);
      });
      return create(UpdateAccessTokenResponseSchema, {
        accessToken: await changed(caller, record),
      });
    },

    async rotate(request, call) {
      const caller = await authenticate(call);
      const { id, graceSeconds, revision, requestId } = rotateOf(request);
      const made = await accessTokens.rotate(caller, id, graceSeconds, revision, requestId);
      const accessToken = await changed(caller, made.record);
      return create(RotateAccessTokenResponseSchema, { accessToken, ...revealed(made) });
    },

    async endGrace(request, call) {
      const caller = await authenticate(call);
      const record = await accessTokens.endGrace(caller, request.id, requestIdOf(request));
      return create(EndGraceResponseSchema, { accessToken: await changed(caller, record) });
    },

    async revoke(request, call) {
      const caller = await authenticate(call);
      const { id, reason } = request;
      const record = await accessTokens.revoke(caller, id, reason, requestIdOf(request));
      return create(RevokeAccessTokenResponseSchema, {
        accessToken: await changed(caller, record),
      });
    },

    async revokeJwts(request, call) {
      const caller = await authenticate(call);
      const { id, reason, target, requestId } = revokeJwtsOf(request);
      const record = await accessTokens.revokeJwts(caller, id, target, reason, requestId);
      return create(RevokeJwtsResponseSchema, { accessToken: await changed(caller, record) });
    },

    async import(request, call) {
      const caller = await authenticate(call);
      const { dryRun, allowWeak } = request;
      const options = { dryRun, allowWeak, requestId: requestIdOf(request) };
      const results = await deps.importTokens(caller, importItemsOf(request), options);
      return create(ImportAccessTokensResponseSchema, {
        results: results.map(importResultMessage),
      });
    },

    async reseal({ pageSize, pageToken }, call) {
      const page = await deps.reseal(await authenticate(call), { pageSize, pageToken });
      const { examined, resealed, nextPageToken, left: masterKeys } = page;
      return create(ResealAccessTokensResponseSchema, {
        examined,
        resealed,
        masterKeys,
        nextPageToken,
      });
    },

    async getUsage({ id }, call) {
      return usageMessage(await deps.usage.report(await authenticate(call), id), now());
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

    async listAuditEvents(request, call) {
      const caller = await authenticate(call);
      const page = await deps.audit.list(caller, auditQueryOf(request));
      return create(ListAuditEventsResponseSchema, auditPageMessage(page));
    },

    async findJwtRevocations(request, call) {
      const caller = await authenticate(call);
      const page = await deps.audit.findRevocations(caller, revocationQueryOf(request));
      return create(FindJwtRevocationsResponseSchema, revocationsMessage(page));
    },
  };
}

function revealed({ record, secret }: Revealed): { token: string } | { secret: string } {
  return record.kind === 'static' ? { token: secret } : { secret };
}
