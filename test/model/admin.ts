/**
 * The administrator of the model: creates, revokes and rotates, and records each acknowledgement.
 */

import { randomUUID } from 'node:crypto';
import { sealedRecords } from '../../src/store/format/sealed.ts';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { tokenKey } from '../../src/store/redis/keys.ts';
import { withRevokedJwts } from '../../src/tokens/revoke-jwts.ts';
import { testSeal } from '../seal.ts';
import type { Made } from './access-tokens.ts';
import type { Credential, Ending } from './oracle.ts';
import type { Random } from './random.ts';
import type { Redis } from './redis.ts';
import { wallStartMs } from './replica.ts';
import type { World } from './world.ts';

/** A credential that can be used. */
interface Issued {
  made: Made;
  credentials: Credential[];
  /** Revoked, or a change is in progress: no further change may start. */
  closed: boolean;
}

/** The administrator. */
export interface Admin {
  issued: Issued[];
  create(made: Made): void;
  /** Revokes or rotates a random access token. */
  end(): void;
}

const never = Number.POSITIVE_INFINITY;

/** Creates the administrator; `note` gets a text about each of its steps. */
export function createAdmin(
  { world, redis, random }: { world: World; redis: Redis; random: Random },
  note: (text: string) => void,
): Admin {
  const issued: Issued[] = [];
  const sealed = sealedRecords(testSeal, () => undefined);
  const wall = () => wallStartMs + world.now();

  /** Like the scripts: one step on the master, answered later, and retried until it is answered. */
  const commit = (
    id: string,
    change: (record: AccessTokenRecord | undefined) => AccessTokenRecord,
    acked: () => void,
  ) => {
    const attempt = () => {
      const master = redis.master();
      if (!master.up) return void world.later(100, undefined, 'admin', attempt);
      redis.serve(master, () => {
        // The master was replaced before the step: it is retried on the new master.
        if (master.role !== 'master' || !master.up) return attempt();
        const text = master.data.get(tokenKey(id));
        const before = text === undefined ? undefined : sealed.decode(id, text, false);
        const revision = (before?.revision ?? 0) + 1;
        const record = { ...change(before), revision, eventId: randomUUID() };
        redis.write(master, tokenKey(id), sealed.encode(record));
        world.later(random.between(0, 20), undefined, 'admin', acked);
      });
    };
    world.later(random.between(0, 20), undefined, 'admin', attempt);
  };
  const change = (
    { made }: Issued,
    fields: (record: AccessTokenRecord) => AccessTokenRecord,
    acked: () => void,
  ) => commit(made.record.id, record => (record ? fields(record) : made.record), acked);

  const ending = (what: Ending['what'], of: Credential[], goodUntilWallMs = never): Ending => {
    const asked: Ending = { what, askedMs: world.now(), ackedMs: never, goodUntilWallMs };
    for (const { endings } of of) endings.push(asked);
    note(`${what} of ${of.map(({ name }) => name).join(', ')} is asked`);
    return asked;
  };
  const acked = (to: Ending, text: string) => () => {
    to.ackedMs = world.now();
    note(`${text} is acknowledged`);
  };
  const credential = (made: Made, header: string, name: string): Credential => ({
    ...{ name, header, tokenId: made.record.id, createdAckedMs: never, endings: [] },
  });

  const revoke = (token: Issued) => {
    const revoked = ending('revoke', token.credentials);
    change(token, record => ({ ...record, revokedAt: wall() }), acked(revoked, 'revoke'));
  };
  const revokeJti = (token: Issued) => {
    const at = Math.floor(random.between(0, token.made.headers.length));
    const jti = token.made.headers[at]?.jti ?? '';
    const revoked = ending('jti', [token.credentials[at] as Credential]);
    change(
      token,
      record => withRevokedJwts(record, { jti }, wall(), 100),
      () => {
        token.closed = false;
        acked(revoked, 'jti')();
      },
    );
  };
  const rotate = (token: Issued) => {
    const goodUntil = wall() + random.pick([0, 1, 1000, 5000, 3_600_000]);
    const { value, header } = token.made.next;
    const before = [...token.credentials];
    const rotated = ending('rotate', before, goodUntil);
    const next = credential(token.made, header, `${before[0]?.name}-next`);
    const secret = { masterKeyId: 'k1', value, createdAt: wall() };
    change(
      token,
      record => ({
        ...record,
        secrets: [secret, ...record.secrets.map(s => ({ ...s, goodUntil }))],
      }),
      () => {
        token.closed = false;
        acked(rotated, 'rotate')();
        next.createdAckedMs = world.now();
        token.credentials.push(next);
      },
    );
  };

  return {
    issued,
    create(made) {
      const name = `${made.record.kind}${issued.length}`;
      const credentials = made.headers.map(({ header, jti = '' }) =>
        credential(made, header, name + jti),
      );
      issued.push({ made, credentials, closed: false });
      note(`${name} is made`);
      commit(
        made.record.id,
        () => made.record,
        () => {
          for (const each of credentials) each.createdAckedMs = world.now();
        },
      );
    },
    end() {
      const good = issued.filter(
        ({ closed, credentials }) => !closed && (credentials[0]?.createdAckedMs ?? never) < never,
      );
      if (good.length === 0) return;
      const token = random.pick(good);
      token.closed = true;
      const isRotated = token.credentials.some(({ endings }) =>
        endings.some(({ what }) => what === 'rotate'),
      );
      if (!isRotated && random.chance(0.3)) rotate(token);
      else if (token.made.record.kind === 'jwt' && random.chance(0.4)) revokeJti(token);
      else revoke(token);
    },
  };
}
