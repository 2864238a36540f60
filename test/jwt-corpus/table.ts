/** Prints the table of docs/jwt.md: `node test/jwt-corpus/table.ts`. */

import { corpusTable, judgeCorpus } from './corpus.ts';

process.stdout.write(`${corpusTable(await judgeCorpus())}\n`);
