/** The last line of a backup's file: how many lines stand before it, and their SHA-256. */

import { createHash } from 'node:crypto';
import { BackupProblem } from '../tokens/check-backup.ts';

const pattern = /^\{"lines":(\d{1,15}),"sha256":"([0-9a-f]{64})"\}$/;

/** Passes on the lines before the last one, which must match them. Throws BackupProblem. */
export async function* withoutChecksum(lines: AsyncIterable<string>): AsyncGenerator<string> {
  const sum = createHash('sha256');
  let count = 0;
  let last: string | undefined;
  for await (const line of lines) {
    if (last !== undefined) {
      sum.update(`${last}\n`);
      count += 1;
      yield last;
    }
    last = line;
  }
  const [, stated, sha256] = pattern.exec(last ?? '') ?? [];
  if (sha256 === undefined) throw new BackupProblem('the file has no checksum: it was cut short');
  if (Number(stated) !== count || sha256 !== sum.digest('hex')) {
    throw new BackupProblem('the file does not match its checksum: it was changed');
  }
}
