/** A program that answers questions from the embedded store of a folder, a line each. */

import { readFileSync } from 'node:fs';
import { Unavailable } from '../../../src/store/store.ts';
import { createFindImported } from '../../../src/verify/imported.ts';
import { keys, nowMs, verifierOver } from '../../verify/setup.ts';
import { creation } from '../changes.ts';
import { answerTo, openForQuestions, type StoreQuestion } from './questions.ts';

const [folder = '', list = '', writes = '0'] = process.argv.slice(2);
const store = openForQuestions(folder);
const findImported = createFindImported(store, keys);
const verify = verifierOver(store, () => nowMs, undefined, findImported);

async function known(ask: () => Promise<string>): Promise<string> {
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Unavailable) return 'unavailable';
    throw error;
  }
}

// A damaged list of free pages shows in what is written over.
for (let n = 0; n < Number(writes); n++) {
  await known(async () => (await store.commit(creation())).outcome);
}
for (const question of JSON.parse(readFileSync(list, 'utf8')) as StoreQuestion[]) {
  const answer = await known(() =>
    answerTo(store, question, async header => {
      const verdict = await verify({ header });
      return verdict.valid ? 'valid' : verdict.reason;
    }),
  );
  process.stdout.write(`${answer}\n`);
}
process.exit();
