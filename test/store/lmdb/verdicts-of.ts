/** A program that verifies the tokens of a list with the embedded store of a folder, and prints the verdicts. */

import { readFileSync } from 'node:fs';
import { openLmdb } from '../../../src/store/lmdb/store.ts';
import { Unavailable } from '../../../src/store/store.ts';
import { defaultLimits } from '../../limits.ts';
import { testSeal } from '../../seal.ts';
import { verifierOver } from '../../verify/setup.ts';

const [folder = '', list = ''] = process.argv.slice(2);
const limits = defaultLimits.store.lmdb;
const store = openLmdb(folder, { now: Date.now, seal: testSeal, limits });
const verify = verifierOver(store);

async function verdictOn(header: string): Promise<string> {
  try {
    const verdict = await verify({ header });
    return verdict.valid ? 'valid' : verdict.reason;
  } catch (error) {
    if (error instanceof Unavailable) return 'unavailable';
    throw error;
  }
}

for (const token of JSON.parse(readFileSync(list, 'utf8')) as string[]) {
  process.stdout.write(`${await verdictOn(token)}\n`);
}
