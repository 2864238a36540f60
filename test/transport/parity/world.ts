/** Creates the access tokens of the parity cases through the API, and moves the clock. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { create } from '@bufbuild/protobuf';
import { DurationSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type CreateAccessTokenRequestSchema,
  Kind,
} from '../../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from '../../server/api.ts';
import type { TestServer } from '../../server/run-server.ts';
import type { Key, World } from './case.ts';
import { importJwt, importWorld } from './imports.ts';

const minuteMs = 60_000;

/** Creates them, and moves the server's clock by half an hour. */
export async function makeWorld(server: TestServer): Promise<World> {
  const admin = adminOf(server);
  const { clock } = server;
  const seconds = (value: number) => create(DurationSchema, { seconds: BigInt(value) });
  const make = async (
    kind: Kind,
    fields: MessageInitShape<typeof CreateAccessTokenRequestSchema> = {},
  ) => {
    const made = await admin.create({ kind, name: 'parity', ...fields });
    const kid = made.accessToken?.id ?? '';
    return { kid, token: made.token, secret: made.secret };
  };
  const soon = { expireTime: timestampFromMs(clock.ms + minuteMs) };
  const scopes = ['orders:read', 'orders:write'];

  const good = await make(Kind.STATIC);
  const scoped = await make(Kind.STATIC, { scopes: ['orders:read'] });
  const revoked = await make(Kind.STATIC);
  await admin.revoke({ id: revoked.kid, reason: 'parity' });
  const expired = await make(Kind.STATIC, soon);
  const elsewhere = await make(Kind.STATIC, { allowedSources: ['192.0.2.0/24'] });
  const rotated = await make(Kind.STATIC);
  const rotatedNow = await admin.rotate({ id: rotated.kid, grace: seconds(86_400) });
  const rotatedOut = await make(Kind.STATIC);
  await admin.rotate({ id: rotatedOut.kid, grace: seconds(60) });

  const jwt: Key = await make(Kind.JWT);
  const jwtScoped = await make(Kind.JWT, { scopes });
  const jwtAudience = await make(Kind.JWT, { audiences: ['orders'] });
  const jwtShort = await make(Kind.JWT, { jwtLifetimeMax: seconds(600) });
  const jwtRevoked = await make(Kind.JWT);
  await admin.revoke({ id: jwtRevoked.kid });
  const jwtExpired = await make(Kind.JWT, soon);
  const jwtOld = await make(Kind.JWT);
  const jwtNew = await admin.rotate({ id: jwtOld.kid, grace: seconds(86_400) });

  const jwtRevocations = await make(Kind.JWT);
  const { kid: id } = jwtRevocations;
  const issuedBefore = Math.floor(clock.ms / 1000) - 600;
  const revocations = { jti: 'lost-phone', subject: 'mallory', issuedBefore };
  await admin.revokeJwts({ id, target: { case: 'jti', value: revocations.jti } });
  await admin.revokeJwts({ id, target: { case: 'subject', value: revocations.subject } });
  const before = timestampFromMs(issuedBefore * 1000);
  await admin.revokeJwts({ id, target: { case: 'issuedBefore', value: before } });

  const imported = await importWorld(server);
  const importedJwt = await importJwt(server);

  clock.ms += 30 * minuteMs;
  return {
    now: Math.floor(clock.ms / 1000),
    good: good.token,
    goodId: good.kid,
    scoped: scoped.token,
    revoked: revoked.token,
    expired: expired.token,
    elsewhere: elsewhere.token,
    imported,
    importedJwt,
    rotated: {
      inGrace: rotated.token,
      current: rotatedNow.token,
      afterGrace: rotatedOut.token,
    },
    ...{ jwt, jwtScoped, jwtAudience, jwtShort, jwtRevoked, jwtExpired },
    jwtRotated: { kid: jwtOld.kid, old: jwtOld.secret, current: jwtNew.secret },
    jwtRevocations: { ...jwtRevocations, ...revocations },
  };
}
