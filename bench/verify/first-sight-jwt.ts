/**
 * A process that verifies new JWTs, each once, by Usher's verify function and by jose's jwtVerify
 * alone. It prints the costs of both per JWT as JSON.
 */

import { jwtVerify } from 'jose';
import type { AccessTokenRecord } from '../../src/store/record.ts';
import { createMasterKeys } from '../../src/verify/master-keys.ts';
import { createProofCache } from '../../src/verify/proof-cache.ts';
import { createProve } from '../../src/verify/prove.ts';
import { createVerify } from '../../src/verify/verify.ts';
import { unlimited } from '../../test/limiting/setup.ts';
import { defaultLimits } from '../../test/limits.ts';
import { signJwt } from '../access-tokens.ts';
import type { Cost } from '../load.ts';
import { masterKey } from '../processes.ts';
import { median, quantile } from '../row.ts';

const rounds = 9;
const jwts = 4000;
const atOnce = 16;
const kid = '018dcf2e-7a00-7000-8000-000000000001';
const secret = 'usk_a-printable-string-of-enough-characters';

const keys = createMasterKeys([masterKey]);
const record: AccessTokenRecord = {
  id: kid,
  revision: 1,
  kind: 'jwt',
  name: 'shop',
  scopes: ['orders:read'],
  createdAt: 0,
  updatedAt: 0,
  secrets: [{ ...keys.seal(secret, kid), createdAt: 0 }],
  eventId: '',
};
const found = { record, stale: false };
const verify = createVerify({
  records: { find: () => found, isCurrent: other => other === found },
  keys,
  findImported: () => Promise.resolve(undefined),
  prove: createProve(keys, defaultLimits.openedKeys),
  proofs: createProofCache(defaultLimits.proofs),
  now: Date.now,
  limits: defaultLimits.verify,
  tokenLimits: unlimited,
});
const key = await crypto.subtle.importKey(
  'raw',
  new TextEncoder().encode(secret),
  { name: 'HMAC', hash: 'SHA-256' },
  false,
  ['verify'],
);

let subject = 0;
const usher: Cost[] = [];
const jose: Cost[] = [];
const ratios: number[] = [];
for (let round = -2; round < rounds; round++) {
  const ours = await costOf(async header => {
    const verdict = await verify({ header });
    if (!verdict.valid) throw new Error(verdict.reason);
  });
  const floor = await costOf(async header => {
    await jwtVerify(header.slice('Bearer '.length), key, { algorithms: ['HS256'] });
  });
  if (round < 0) continue;
  usher.push(ours);
  jose.push(floor);
  ratios.push(ours.cpuUs / floor.cpuUs);
}
process.stdout.write(JSON.stringify({ usher, jose, ratio: median(ratios) }));

/** The cost of a task per JWT, over many new JWTs. */
async function costOf(task: (header: string) => Promise<void>): Promise<Cost> {
  const headers: string[] = [];
  while (headers.length < jwts) {
    headers.push(`Bearer ${await signJwt(kid, secret, `user-${subject++}`)}`);
  }
  const timesMs: number[] = [];
  let next = 0;
  const follow = async () => {
    for (let header = headers[next++]; header !== undefined; header = headers[next++]) {
      const began = performance.now();
      await task(header);
      timesMs.push(performance.now() - began);
    }
  };
  const before = process.cpuUsage();
  const began = performance.now();
  await Promise.all(Array.from({ length: atOnce }, follow));
  const seconds = (performance.now() - began) / 1000;
  const { user, system } = process.cpuUsage(before);
  timesMs.sort((a, b) => a - b);
  return {
    cpuUs: (user + system) / jwts,
    callsPerSecond: jwts / seconds,
    p50Ms: quantile(timesMs, 0.5),
    p99Ms: quantile(timesMs, 0.99),
  };
}
