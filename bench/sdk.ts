/** The SDK's verdicts from memory, per second on one core: a process of its own, which prints the rates. */

import { createUsher } from '../src/client/node.ts';

const { USHER_ADDRESS: address = '', USHER_TOKEN: token = '' } = process.env;
const headers = 200_000;
const rounds = 10;

const usher = createUsher({ addresses: [address] });
await usher.ready();
while (usher.cached(token) === undefined) await usher.verify(token);

/** Each a string of its own, as every request brings one: nothing of an earlier look is known of it. */
const fresh = () => Array.from({ length: headers }, () => Buffer.from(token).toString('latin1'));

const rates: number[] = [];
for (let round = 0; round < rounds; round++) {
  const asked = fresh();
  const began = performance.now();
  for (const header of asked) {
    const verdict = await usher.verify(header);
    if (!verdict.valid) throw new Error(verdict.reason);
  }
  rates.push((headers / (performance.now() - began)) * 1000);
}
usher.close();
rates.sort((a, b) => a - b);
// The median: the first rounds are those in which the code is still being compiled.
process.stdout.write(`${Math.round(rates[rounds / 2] ?? 0)}\n`);
