/** A program that reads every entry of the embedded store in a folder, and ends with 0 when it could. */

import { open } from 'lmdb';

const root = open<string, string>({
  path: process.argv[2] ?? '',
  noSubdir: false,
  encoding: 'binary',
  // More than the tables of any version.
  maxDbs: 64,
  readOnly: true,
});
for (const name of [...root.getKeys()]) {
  const table = root.openDB<Buffer, Buffer>({ name, encoding: 'binary', keyEncoding: 'binary' });
  for (const { value } of table.getRange()) value.at(-1);
}
