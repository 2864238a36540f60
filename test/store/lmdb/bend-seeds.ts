/**
 * Damages the file of an embedded store in many ways, and prints each wrong answer:
 * `node test/store/lmdb/bend-seeds.ts 1 300` for the seeds 1 to 300, with an aim of bend.ts behind it
 * for that one only. Ends with 1 when there was one.
 */

import { aims, makeWhole } from './bend.ts';

const [from = '1', to = '100', only] = process.argv.slice(2);
const whole = await makeWhole(1);
let count = 0;
for (let seed = Number(from); seed <= Number(to); seed++) {
  for (const aim of aims) {
    if (only !== undefined && aim !== only) continue;
    const wrong = await whole.wrongAnswers(seed, aim);
    count += wrong.length;
    for (const each of wrong) process.stdout.write(`${aim}, seed ${seed}: ${each}\n`);
  }
}
whole.remove();
process.exitCode = count > 0 ? 1 : 0;
