/** A program that reads every entry of the embedded store in a folder, and ends with 0 when it could. */

import { type Database, open } from 'lmdb';

const root = open<string, string>({
  path: process.argv[2] ?? '',
  noSubdir: false,
  encoding: 'binary',
  // More than the tables of any version.
  maxDbs: 64,
  readOnly: true,
});
for (const name of [...root.getKeys()]) {
  const options = { name, encoding: 'binary', keyEncoding: 'binary' } as const;
  // The main table also holds single values, which are no tables and have been read with it.
  const table: Database<Buffer, Buffer> | undefined = root.openDB(options);
  for (const { value } of table?.getRange() ?? []) value.at(-1);
}
