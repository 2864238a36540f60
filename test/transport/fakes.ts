/** Fakes of the folders behind the transport: the name of a token decides its verdict. */

import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { Unavailable } from '../../src/store/store.ts';
import { TokenError } from '../../src/tokens/errors.ts';
import { admitAnyone } from '../../src/transport/rpc/admission.ts';
import { bind } from '../../src/transport/rpc/handlers.ts';
import { denialError } from '../../src/transport/rpc/rpc-error.ts';
import { createChanges } from '../../src/transport/services/changes.ts';
import { type VerifierDeps, verifierHandlers } from '../../src/transport/services/verifier.ts';
import { createWatch } from '../../src/transport/services/watch.ts';
import { createWatchers } from '../../src/transport/services/watchers.ts';
import type { Granted, Reason } from '../../src/verify/verdict.ts';
import { reasons } from '../../src/verify/verdict.ts';
import type { Verify } from '../../src/verify/verify.ts';

export const now = () => Date.UTC(2024, 1, 22, 3, 54, 51, 999);

export const granted: Granted = {
  valid: true,
  identity: {
    tokenId: '018dcf2e-7a00-7000-8000-000000000001',
    kind: 'jwt',
    owner: 'shop',
    subject: 'u1',
    jti: '',
    scopes: ['orders.read'],
    exp: 2 ** 53 - 1,
    claims: { sub: 'u1', deep: { list: [1, null, true] } },
    metadata: { plan: 'gold' },
    revision: 7,
  },
  cacheTtlMs: 1500,
  stale: false,
};

/** "good", "down", "bug", a reason's name, or anything else: INVALID_TOKEN. "" is missing. */
export const verify: Verify = async ({ header }) => {
  if (header === 'good') return granted;
  if (header === 'down') throw new Unavailable('no answer', new Error('secret cause'));
  if (header === 'bug') throw new TypeError('secret detail');
  if (header === '') return { valid: false, reason: 'MISSING_CREDENTIALS', stale: false };
  if (header.includes(', ')) return { valid: false, reason: 'MALFORMED_CREDENTIALS', stale: false };
  const reason = header in reasons ? (header as Reason) : 'INVALID_TOKEN';
  return { valid: false, reason, stale: false };
};

/** A feed without any events. */
const silence = createChanges(
  { kind: 'tracking' as const, isLive: () => true, lagMs: () => 0, listen: () => () => {} },
  10,
  () => performance.now(),
);

export function verifierDeps(changes: Partial<VerifierDeps> = {}): VerifierDeps {
  return {
    verify,
    admit: admitAnyone,
    issueJwt: async (_caller, order) => {
      if (order.tokenId === 'unknown') throw new TokenError('NOT_FOUND', 'token_id is unknown');
      return { jwt: 'h.p.s', jti: JSON.stringify(order), iat: 1, exp: 2, tokenName: '' };
    },
    authenticate: async call => {
      if (call.header('authorization').length === 0)
        throw denialError({ reason: 'MISSING_CREDENTIALS' });
      return { actor: 'admin', name: '', peer: call.peer, scopes: ['usher.admin'] };
    },
    addressOf: ({ peer }) => peer,
    now,
    watch: createWatch({
      changes: silence,
      records: { find: () => ({ record: undefined, stale: false }) },
      limits: { leaseMs: 2000, heartbeatMs: 250, idsMax: 2 },
      watchers: createWatchers({ watchersMax: 10, watchersPerCallerMax: 10 }),
      monotonicMs: () => performance.now(),
    }),
    instance: silence.instance,
    batchMax: 4,
    streamMessagesAtOnceMax: 8,
    ...changes,
  };
}

export const verifierBinding = (changes: Partial<VerifierDeps> = {}) =>
  bind(VerifierService, verifierHandlers(verifierDeps(changes)));
