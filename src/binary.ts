/** The entry point of the single-file binary (scripts/build-binary.js). */

import { fileURLToPath } from 'node:url';

const pathOf = (file: string) => fileURLToPath(new URL(file, import.meta.url));

// The server starts its workers, and the program that reads a damaged store, as files that Node runs. The
// binary runs its own code whatever its first argument is, so it has to look for their names itself.
const file = process.argv[2];
const isReader = file === pathOf('./store/lmdb/read-all.ts');
if (isReader || file === pathOf('./main.ts')) process.argv.splice(1, 1);
if (isReader) await import('./store/lmdb/read-all.ts');
else await import('./command.ts');
