/** The state of the fake server: access tokens in memory, and a clock that a test can set. */

import { randomBytes } from 'node:crypto';
import { create, type JsonObject } from '@bufbuild/protobuf';
import { timestampFromMs, timestampMs } from '@bufbuild/protobuf/wkt';
import { v7 } from 'uuid';
import {
  type AccessToken,
  AccessTokenSchema,
  type AuditEvent,
  AuditEventSchema,
  Kind,
  LimitUseSchema,
  Period,
  QuotaSchema,
  RateLimitSchema,
  State,
} from '../../src/gen/usher/v1/access_token_pb.ts';

/** Some fields of a message. */
type Fields<M> = Partial<Omit<M, '$typeName' | '$unknown'>>;

/** An access token with its secrets in plain text. */
export interface FakeEntry {
  /** The access token as it was last changed. */
  token: AccessToken;
  /** The current secret first, then the previous one while its grace lasts. */
  secrets: { value: string; goodUntilMs: number }[];
  /** The jtis that were revoked. */
  revokedIds: Set<string>;
  /** Subject → its JWTs issued up to this time are revoked; in seconds since 1970. */
  revokedSubjects: Map<string, number>;
  /** Day, as in "2026-02-03" → uses. */
  uses: Map<string, number>;
}

/** The whole state. */
export interface FakeState {
  /** UUID → access token. */
  entries: Map<string, FakeEntry>;
  /** The audit log, oldest first. */
  events: AuditEvent[];
  /** Request id → the answer to the first request with it. */
  answers: Map<string, unknown>;
  /** The current time, in milliseconds since 1970. */
  now: () => number;
}

/** Creates an empty state. */
export function createFakeState(now: () => number): FakeState {
  return { entries: new Map(), events: [], answers: new Map(), now };
}

const dayMs = 86_400_000;

/** Adds an access token, and returns it with its secret. */
export function addToken(
  state: FakeState,
  kind: Kind,
  fields: Fields<AccessToken>,
  ageMs = 0,
): { entry: FakeEntry; secret: string } {
  const time = timestampFromMs(state.now() - ageMs);
  const secret = newSecret(kind);
  const entry: FakeEntry = {
    token: create(AccessTokenSchema, {
      ...fields,
      id: v7({ msecs: state.now() - ageMs }),
      kind,
      revision: 1n,
      createTime: time,
      updateTime: time,
      rotateTime: time,
    }),
    secrets: [{ value: secret, goodUntilMs: Number.POSITIVE_INFINITY }],
    revokedIds: new Set(),
    revokedSubjects: new Map(),
    uses: new Map(),
  };
  state.entries.set(entry.token.id, entry);
  return { entry, secret };
}

/** A new static token or secret key. */
export function newSecret(kind: Kind): string {
  return kind === Kind.JWT
    ? `ush_secret_${randomBytes(32).toString('base64url')}`
    : `ush_${randomBytes(36).toString('hex')}`;
}

/** The access token as the API shows it now. */
export function show(state: FakeState, entry: FakeEntry): AccessToken {
  const { token, secrets } = entry;
  const previous = secrets[1];
  const lasts = previous !== undefined && previous.goodUntilMs > state.now();
  const shown = create(AccessTokenSchema, {
    ...token,
    state: stateOf(state, token),
    revokedJwts: entry.revokedIds.size + entry.revokedSubjects.size,
  });
  if (lasts) shown.previousSecretExpireTime = timestampFromMs(previous.goodUntilMs);
  return shown;
}

function stateOf(state: FakeState, token: AccessToken): State {
  if (token.revokeTime) return State.REVOKED;
  const isOver = token.expireTime && timestampMs(token.expireTime) <= state.now();
  return isOver ? State.EXPIRED : State.ACTIVE;
}

/** Counts `count` uses that happened `ageMs` ago. */
export function use(state: FakeState, entry: FakeEntry, count = 1, ageMs = 0): void {
  const timeMs = state.now() - ageMs;
  const day = new Date(timeMs).toISOString().slice(0, 10);
  entry.uses.set(day, (entry.uses.get(day) ?? 0) + count);
  const last = entry.token.lastUsedTime;
  if (!last || timestampMs(last) < timeMs) entry.token.lastUsedTime = timestampFromMs(timeMs);
}

/** Appends an event to the audit log. */
export function audit(state: FakeState, event: Fields<AuditEvent> & { action: string }): void {
  const sequence = BigInt(state.events.length + 1);
  state.events.push(
    create(AuditEventSchema, {
      actor: 'admin',
      peer: '127.0.0.1',
      ...event,
      sequence,
      time: timestampFromMs(state.now()),
      hash: randomBytes(32).toString('hex'),
    }),
  );
}

const services = [
  'checkout',
  'catalog',
  'search',
  'billing',
  'mobile app',
  'storefront',
  'reports',
];
const owners = ['payments', 'growth', 'platform', 'data', ''];
const scopes = ['orders.read', 'orders.write', 'catalog.read', 'reports.export', 'users.read'];

/** Adds `count` access tokens with realistic names, owners, uses and states. */
export function seed(state: FakeState, count: number): void {
  for (let place = count; place > 0; place--) {
    const kind = place % 3 === 0 ? Kind.JWT : Kind.STATIC;
    const service = services[place % services.length] ?? '';
    const metadata: JsonObject = { plan: 'pro', region: 'eu-1' };
    const expiresInDays = place % 4 === 0 ? (place % 60) - 4 : undefined;
    const { entry } = addToken(
      state,
      kind,
      {
        name: `${service} ${place % 2 === 0 ? 'production' : 'staging'}`,
        owner: owners[place % owners.length] ?? '',
        scopes: scopes.slice(place % 4, (place % 4) + 1 + (place % 3)),
        metadata,
        ...(expiresInDays !== undefined && {
          expireTime: timestampFromMs(state.now() + (expiresInDays + 0.5) * dayMs),
        }),
      },
      place * 3_700_000,
    );
    if (kind === Kind.JWT) limit(state, entry.token);
    if (place % 11 === 0) entry.token.revokeTime = timestampFromMs(state.now() - dayMs);
    if (place % 5 !== 1) seedUses(state, entry, place);
    if (place <= 20) seedEvents(state, entry);
  }
}

/** Gives it limits that are partly used. */
function limit({ now }: FakeState, token: AccessToken): void {
  token.allowedSources = ['192.0.2.0/24', '2001:db8::/32'];
  token.rateLimit = create(RateLimitSchema, { requests: 100n, window: { seconds: 60n }, per: 2 });
  token.rateLimitUse = create(LimitUseSchema, { used: 37n, remaining: 63n, subjects: 412n });
  token.quota = create(QuotaSchema, { requests: 50_000n, period: Period.MONTH });
  const resetTime = timestampFromMs(now() + 9 * dayMs);
  token.quotaUse = create(LimitUseSchema, { used: 48_213n, remaining: 1_787n, resetTime });
}

function seedEvents(state: FakeState, { token }: FakeEntry): void {
  const tokenId = token.id;
  const { name, owner, scopes } = token;
  audit(state, { action: 'token.create', tokenId, after: { name, owner, scopes } });
  audit(state, { action: 'token.rotate', tokenId, detail: 'grace 86400 s' });
  const scopesBefore = [...scopes, 'users.write'];
  const change = { before: { scopes: scopesBefore }, after: { scopes } };
  audit(state, { action: 'token.update', tokenId, ...change });
  if (token.kind === Kind.JWT)
    audit(state, { action: 'jwt.revoke', tokenId, detail: 'lost phone' });
  audit(state, { action: 'call.refused', actor: '', detail: 'Revoke: token has expired' });
}

function seedUses(state: FakeState, entry: FakeEntry, place: number): void {
  for (let day = 29; day >= 0; day--) {
    const wave = 1 + Math.sin((day + place) / 2.2) * 0.35;
    const weekend = (day + place) % 7 < 2 ? 0.45 : 1;
    use(
      state,
      entry,
      Math.round((900 + place * 13) * wave * weekend),
      day * dayMs + place * 61_000,
    );
  }
}
