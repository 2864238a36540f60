/** A fake of AccessTokenService in memory, with the rpcs that the web app calls. */

import { create } from '@bufbuild/protobuf';
import { durationMs, timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, type ServiceImpl } from '@connectrpc/connect';
import {
  type AccessToken,
  type AccessTokenService,
  CreateAccessTokenResponseSchema,
  Field,
  GetUsageResponseSchema,
  Kind,
  type ListAccessTokensRequest,
  type ListValuesRequest,
  RotateAccessTokenResponseSchema,
  Sort,
  State,
} from '../../src/gen/usher/v1/access_token_pb.ts';
import { type FakeAudit, fakeAudit } from './fake-audit.ts';
import { addToken, audit, type FakeEntry, type FakeState, newSecret, show } from './fake-state.ts';

/** The service on a state that tests can read and change. */
export function fakeAccessTokens(state: FakeState): Service {
  return {
    ...{ ...fakeReads(state), ...fakeChanges(state), ...fakeRevocations(state) },
    ...fakeAudit(state),
  };
}

/** Without the rpcs for which the web app has no page. */
type Service = Omit<
  ServiceImpl<typeof AccessTokenService>,
  'import' | 'reseal' | 'explain' | 'lookup'
>;
type Reads = Pick<Service, 'get' | 'list' | 'listValues' | 'getUsage'>;
type Revocations = Pick<Service, 'revoke' | 'revokeJwts'>;

function fakeReads(state: FakeState): Reads {
  return {
    get: ({ id }) => ({ accessToken: show(state, find(state, id)) }),
    list: request => listTokens(state, request),
    listValues: request => listValues(state, request),
    getUsage: ({ id }) => usageOf(state, find(state, id)),
  };
}

function fakeChanges(
  state: FakeState,
): Omit<Service, keyof Reads | keyof Revocations | keyof FakeAudit> {
  return {
    create: request =>
      once(state, request.requestId, () => {
        const { $typeName: _, kind, requestId, ...fields } = request;
        const { entry, secret } = addToken(state, kind, fields);
        const { id, name, scopes } = entry.token;
        audit(state, { action: 'token.create', tokenId: id, requestId, after: { name, scopes } });
        return create(CreateAccessTokenResponseSchema, reveal(show(state, entry), secret));
      }),
    update: ({ accessToken, updateMask, requestId }) => {
      const entry = findLive(state, accessToken?.id ?? '', accessToken?.revision);
      const before = entry.token.name;
      for (const path of updateMask?.paths ?? []) {
        const field = path.replace(/_(\w)/g, (_, letter) => letter.toUpperCase());
        Object.assign(entry.token, { [field]: accessToken?.[field as keyof AccessToken] });
      }
      touch(state, entry);
      const { id, name } = entry.token;
      const change = { before: { name: before }, after: { name } };
      audit(state, { action: 'token.update', tokenId: id, requestId, ...change });
      return { accessToken: show(state, entry) };
    },
    endGrace: ({ id, requestId }) => {
      const entry = findLive(state, id);
      entry.secrets.length = 1;
      touch(state, entry);
      audit(state, { action: 'token.end_grace', tokenId: id, requestId });
      return { accessToken: show(state, entry) };
    },
    rotate: ({ id, grace, revision, requestId }) =>
      once(state, requestId, () => {
        const entry = findLive(state, id, revision);
        const graceMs = grace ? durationMs(grace) : 0;
        const secret = newSecret(entry.token.kind);
        const [current] = entry.secrets;
        if (current) current.goodUntilMs = state.now() + graceMs;
        entry.secrets.unshift({ value: secret, goodUntilMs: Number.POSITIVE_INFINITY });
        entry.secrets.length = 2;
        entry.token.rotateTime = timestampFromMs(state.now());
        touch(state, entry);
        const detail = `grace ${graceMs / 1000} s`;
        audit(state, { action: 'token.rotate', tokenId: id, requestId, detail });
        return create(RotateAccessTokenResponseSchema, reveal(show(state, entry), secret));
      }),
  };
}

function fakeRevocations(state: FakeState): Revocations {
  return {
    revoke: ({ id, reason, requestId }) => {
      const entry = find(state, id);
      if (!entry.token.revokeTime) {
        entry.token.revokeTime = timestampFromMs(state.now());
        entry.token.revokeReason = reason;
        touch(state, entry);
        audit(state, { action: 'token.revoke', tokenId: id, requestId, detail: reason });
      }
      return { accessToken: show(state, entry) };
    },
    revokeJwts: ({ id, target, reason, requestId }) => {
      const entry = findLive(state, id);
      if (target.case === 'jti') entry.revokedIds.add(target.value);
      if (target.case === 'subject') {
        entry.revokedSubjects.set(target.value, Math.floor(state.now() / 1000));
      }
      if (target.case === 'issuedBefore') entry.token.jwtsRevokedBeforeTime = target.value;
      touch(state, entry);
      audit(state, { action: 'jwt.revoke', tokenId: id, requestId, detail: reason });
      return { accessToken: show(state, entry) };
    },
  };
}

function find(state: FakeState, id: string): FakeEntry {
  const entry = state.entries.get(id);
  if (!entry) throw new ConnectError('no such access token', Code.NotFound);
  return entry;
}

function findLive(state: FakeState, id: string, revision = 0n): FakeEntry {
  const entry = find(state, id);
  if (entry.token.revokeTime) throw new ConnectError('it is revoked', Code.FailedPrecondition);
  if (revision !== 0n && revision !== entry.token.revision) {
    throw new ConnectError('it was changed meanwhile', Code.Aborted);
  }
  return entry;
}

function touch(state: FakeState, { token }: FakeEntry): void {
  token.revision += 1n;
  token.updateTime = timestampFromMs(state.now());
}

function reveal(accessToken: AccessToken, secret: string) {
  return { accessToken, ...(accessToken.kind === Kind.JWT ? { secret } : { token: secret }) };
}

function once<T>(state: FakeState, requestId: string, make: () => T): T {
  const answer = (state.answers.get(requestId) as T | undefined) ?? make();
  if (requestId) state.answers.set(requestId, answer);
  return answer;
}

function listTokens(state: FakeState, request: ListAccessTokensRequest) {
  const size = request.pageSize || 50;
  const start = Number(request.pageToken || 0);
  const all = [...state.entries.values()].map(entry => show(state, entry));
  const found = all.filter(token => matches(state, request, token)).sort(orderOf(request));
  return {
    accessTokens: found.slice(start, start + size),
    nextPageToken: start + size < found.length ? String(start + size) : '',
    totalSize: BigInt(all.length),
    searchedSize: BigInt(all.length),
    matchingSize: BigInt(found.length),
    matchingSizeFinal: true,
  };
}

function listValues(state: FakeState, { field, text }: ListValuesRequest) {
  const sizes = new Map<string, bigint>();
  for (const { token } of state.entries.values()) {
    const values = field === Field.SCOPE ? token.scopes : [token.owner].filter(Boolean);
    for (const value of values) sizes.set(value, (sizes.get(value) ?? 0n) + 1n);
  }
  const found = [...sizes].filter(([value]) => value.toLowerCase().includes(text.toLowerCase()));
  const values = found
    .sort(([, a], [, b]) => Number(b - a))
    .map(([value, size]) => ({ value, size }));
  return { values, totalSize: BigInt(values.length), final: true };
}

function matches(state: FakeState, request: ListAccessTokensRequest, token: AccessToken): boolean {
  const text = request.text.toLowerCase();
  const words = [token.id, token.name, token.owner, ...token.scopes];
  const end = token.expireTime && timestampMs(token.expireTime);
  const within = request.expiresWithin && durationMs(request.expiresWithin);
  const isSoon = end !== undefined && within !== undefined && end < state.now() + within;
  const unusedMs = request.unusedFor && durationMs(request.unusedFor);
  const lastUse = Math.max(
    ...[token.createTime, token.lastUsedTime].map(each => (each ? timestampMs(each) : 0)),
  );
  return (
    (unusedMs === undefined || lastUse <= state.now() - unusedMs) &&
    (request.scope === '' || token.scopes.includes(request.scope)) &&
    (request.kind === Kind.UNSPECIFIED || token.kind === request.kind) &&
    (request.state === State.UNSPECIFIED || token.state === request.state) &&
    (request.owner === '' || token.owner === request.owner) &&
    (text === '' || words.some(word => word.toLowerCase().includes(text))) &&
    (within === undefined || (isSoon && token.state === State.ACTIVE)) &&
    (request.sort !== Sort.EXPIRY || end !== undefined)
  );
}

function orderOf({ sort, reverse }: ListAccessTokensRequest) {
  const sign = reverse ? -1 : 1;
  return compareBy(sort, sign);
}

function usedAt({ lastUsedTime }: AccessToken): number {
  return lastUsedTime ? timestampMs(lastUsedTime) : 0;
}

function compareBy(sort: Sort, sign: number): (a: AccessToken, b: AccessToken) => number {
  if (sort === Sort.NAME) return (a, b) => a.name.localeCompare(b.name) * sign;
  if (sort === Sort.OWNER) return (a, b) => a.owner.localeCompare(b.owner) * sign;
  if (sort === Sort.LAST_USED) return (a, b) => (usedAt(b) - usedAt(a)) * sign;
  if (sort === Sort.OLDEST) return (a, b) => (a.id < b.id ? -1 : 1);
  if (sort !== Sort.EXPIRY) return (a, b) => (a.id < b.id ? 1 : -1);
  const end = ({ expireTime }: AccessToken) => (expireTime ? timestampMs(expireTime) : 0);
  return (a, b) => (end(a) - end(b)) * sign;
}

function usageOf(state: FakeState, entry: FakeEntry) {
  const days = Array.from({ length: 30 }, (_, place) => {
    const date = new Date(state.now() - (29 - place) * 86_400_000).toISOString().slice(0, 10);
    return { date, count: BigInt(entry.uses.get(date) ?? 0) };
  });
  const { lastUsedTime } = entry.token;
  return create(GetUsageResponseSchema, { days, ...(lastUsedTime && { lastUsedTime }) });
}
