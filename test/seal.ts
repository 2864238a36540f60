/** The seal of the stores in tests, under the master key that test/tokens and test/verify have too. */

import { redisRecords } from '../src/store/redis/records.ts';
import { createRecordSeal } from '../src/verify/record-seal.ts';

/** Signs and checks under the master key k1. */
export const testSeal = createRecordSeal([{ id: 'k1', bytes: new Uint8Array(32).fill(1) }]);

/** Writes and reads the records of a store in Redis as a replica of Usher does. */
export const testRecords = redisRecords(
  testSeal,
  { acceptsUnsigned: async () => false },
  () => undefined,
);
