/** A change of the master key, from the first start with a new one to the end of the old one. */

import { randomBytes } from 'node:crypto';
import { Code, ConnectError } from '@connectrpc/connect';
import { expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { Reason, VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { runUsher } from '../cli/run-usher.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import type { Place } from './place.ts';
import { jwtOf, keysOf, newKey } from './rotation.ts';
import { runServer, type TestServer } from './run-server.ts';

const older = newKey('k1');
const newer = newKey('k2');

/** Tests it on a store. */
export function testMasterKey(store: string, place: () => Promise<Place>): void {
  test(`on ${store}`, async () => {
    const { url, end } = await place();
    let server: TestServer | undefined;
    const startWith = async (keys: string) => {
      await server?.stop();
      server = await runServer({
        ...{ USHER_STORE: url, USHER_MASTER_KEYS: keys },
        ...{ USHER_LEASE_MS: '300', USHER_CACHE_TTL_MS_MAX: '300' },
      });
      return server;
    };
    const verify = async ({ http }: TestServer, header: string) => {
      try {
        return (await clientOf(VerifierService, http, '').verify({ header })).reason;
      } catch (error) {
        return ConnectError.from(error).code === Code.Unavailable ? 'unavailable' : error;
      }
    };
    const reseal = async ({ manager, adminToken }: TestServer) => {
      const { code, out } = await runUsher(['token', 'reseal', '--json'], {
        USHER_MANAGER_URL: `http://${manager}`,
        USHER_ADMIN_TOKEN: adminToken,
      });
      return { code, ...JSON.parse(out) };
    };

    try {
      const before = adminOf(await startWith(older));
      const made = await before.create({ kind: Kind.JWT, name: 'app' });
      const { token } = await before.create({ kind: Kind.STATIC, name: 'job' });
      const imported = `sk_live_${randomBytes(16).toString('hex')}`;
      const secret = { case: 'token', value: imported } as const;
      await before.import({ items: [{ name: 'moved', secret }] });
      const jwt = jwtOf(made.accessToken?.id ?? '', made.secret);

      const between = await startWith(`${newer},${older}`);
      // Other replicas could still lack the new key.
      await until(async () => (await keysOf(between)).writes === 'k2');
      for (const header of [jwt, token, imported]) {
        expect(await verify(between, header)).toBe(Reason.NONE);
      }
      const counts = [
        { id: 'k2', secrets: 1, listed: true },
        { id: 'k1', secrets: 2, listed: true },
      ];
      const expected = { code: 0, examined: 3, masterKeys: expect.arrayContaining(counts) };
      expect(await reseal(between)).toMatchObject({ ...expected, resealed: 1 });
      expect(await reseal(between)).toMatchObject({ ...expected, resealed: 0 });
      for (const header of [jwt, token, imported]) {
        expect(await verify(between, header)).toBe(Reason.NONE);
      }

      const after = await startWith(newer);
      expect(await verify(after, jwt)).toBe(Reason.NONE);
      expect(await verify(after, token)).toBe('unavailable');
      expect(await verify(after, imported)).toBe('unavailable');
      const unlisted = expect.arrayContaining([{ id: 'k1', secrets: 2, listed: false }]);
      expect(await reseal(after)).toMatchObject({ code: 1, resealed: 0, masterKeys: unlisted });
    } finally {
      await server?.stop();
      await end();
    }
  });
}
