/** Imports the tokens of other systems that the parity cases use. */

import { createHash, randomBytes, randomUUID } from 'node:crypto';
import { create } from '@bufbuild/protobuf';
import { DurationSchema, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { adminOf } from '../../server/api.ts';
import type { TestServer } from '../../server/run-server.ts';
import type { World } from './case.ts';

/** Imports them; one expires, and one grace ends, in a minute. */
export async function importWorld(server: TestServer): Promise<World['imported']> {
  const admin = adminOf(server);
  const seconds = (value: number) => create(DurationSchema, { seconds: BigInt(value) });
  const token = (prefix: string) => prefix + randomBytes(20).toString('hex');
  const tokens = {
    plain: token('sk_live_'),
    sha256: token('key-'),
    sha512: token('pat.'),
    odd: `123456:${token("!#$%&'()*+-./;<=>?@[]^_`{|}~")}==`,
    dotted: `SG.${token('a')}.${token('b')}`,
    dottedHash: `SG.${token('c')}.${token('d')}`,
    spaced: `Token ${token('e')}`,
    scoped: token('sk_test_'),
    revoked: token('gone_'),
    expired: token('old_'),
    inGrace: token('a_'),
    afterGrace: token('b_'),
  };
  const names = Object.keys(tokens) as (keyof typeof tokens)[];
  const { results } = await admin.import({
    items: names.map(name => ({
      name,
      secret: secretOf(name, tokens[name]),
      scopes: name === 'scoped' ? ['orders:read'] : [],
      ...(name === 'expired' ? { expireTime: timestampFromMs(server.clock.ms + 60_000) } : {}),
    })),
  });
  const idOf = (name: keyof typeof tokens) => results[names.indexOf(name)]?.id ?? '';
  await admin.revoke({ id: idOf('revoked') });
  const rotated = await admin.rotate({ id: idOf('inGrace'), grace: seconds(86_400) });
  await admin.rotate({ id: idOf('afterGrace'), grace: seconds(60) });
  return { ...tokens, native: rotated.token };
}

function secretOf(name: string, value: string) {
  const hash = name === 'sha512' ? 'sha512' : 'sha256';
  if (name !== hash && name !== 'dottedHash') return { case: 'token', value } as const;
  return { case: hash, value: Uint8Array.from(createHash(hash).update(value).digest()) } as const;
}

/** Imports a jwt secret. */
export async function importJwt(server: TestServer): Promise<World['importedJwt']> {
  const [kid, key] = [randomUUID(), Uint8Array.from([0xff, 0x80, ...randomBytes(46)])];
  const item = { name: 'jwt', id: kid, secret: { case: 'jwtSecret', value: key } } as const;
  const { results } = await adminOf(server).import({ items: [item] });
  if (results[0]?.id !== kid) throw new Error(results[0]?.problem);
  return { kid, key };
}
