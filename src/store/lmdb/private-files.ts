/** The files of the embedded store, which only their owner may read: they hold keyed hashes and names. */

import { chmodSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { lockFile } from './lock-file.ts';

/** The file whose lock makes a process the owner of the folder. It stays there and holds nothing. */
export const ownerFile = 'owner.lock';

const files = ['data.mdb', lockFile, ownerFile];

/**
 * Runs what makes files of the store in a folder, so that they are made with mode 0600, and takes the
 * rights of others away from those that an earlier version made with more.
 */
export function privately<T>(folder: string, make: () => T): T {
  const before = process.umask(0o077);
  try {
    return make();
  } finally {
    process.umask(before);
    for (const name of files) tighten(join(folder, name));
  }
}

function tighten(path: string): void {
  const mode = statSync(path, { throwIfNoEntry: false })?.mode ?? 0;
  if (mode & 0o077) chmodSync(path, 0o600);
}
