/** Uses are counted exactly, also those just before a graceful stop. */

import { expect, test } from 'vitest';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../src/gen/usher/v1/verifier_pb.ts';
import { until } from '../until.ts';
import { adminOf, clientOf } from './api.ts';
import type { Place } from './place.ts';
import { startUsherProcess } from './usher-process.ts';

/** Tests it on a store. */
export function testUsageStop(store: string, place: () => Promise<Place>): void {
  test(`on ${store}`, async () => {
    const { url, end } = await place();
    const usher = await startUsherProcess({ USHER_STORE: url });
    try {
      const admin = adminOf(usher);
      const made = await admin.create({ kind: Kind.STATIC, name: 'used' });
      const id = made.accessToken?.id ?? '';
      const verifier = clientOf(VerifierService, usher.http, '');
      const use = () => verifier.verify({ header: made.token });
      const count = async () => {
        const { days } = await admin.getUsage({ id });
        return days.reduce((sum, day) => sum + Number(day.count), 0);
      };

      for (let n = 0; n < 40; n++) await use();
      await until(async () => (await count()) === 40);
      for (let n = 0; n < 25; n++) await use();
      expect(await usher.stop()).toBe(0);
      await usher.start();
      expect(await count()).toBe(65);
    } finally {
      await usher.remove();
      await end();
    }
  });
}
