/**
 * Gives LMDB's lock file its room on the disk before LMDB maps it into memory. LMDB makes it with holes, and the
 * operating system ends the process (SIGBUS) when a hole is written to while the disk is full.
 */

import { existsSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** LMDB's lock file. */
export const lockFile = 'lock.mdb';

/** What LMDB notes of a reader, in bytes; and at least what stands before that. */
const bytes = { reader: 64, head: 4096 } as const;

/** The unit in which the file system counts blocks, in bytes (stat(2)). */
const blockBytes = 512;

/**
 * Makes the file for so many readers, unless it is there. LMDB takes zeros for a new one. Throws when it cannot.
 */
export function makeLockFile(folder: string, readers: number): void {
  const path = join(folder, lockFile);
  // LMDB makes a folder that is missing.
  if (existsSync(path) || !existsSync(folder)) return;
  try {
    writeFileSync(path, Buffer.alloc(bytes.head + readers * bytes.reader), { flag: 'wx' });
  } catch (error) {
    // Another process made it meanwhile, and uses it.
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return;
    // With it, the next start would take the store for one whose data are gone.
    rmSync(path, { force: true });
    throw error;
  }
}

/**
 * Fills the holes of the file that an earlier version made. Only the owner of the folder may, before it opens the
 * store: what the file holds is of processes that are gone. Throws when it cannot.
 */
export function fillLockFile(folder: string): void {
  const path = join(folder, lockFile);
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined || found.blocks * blockBytes >= found.size) return;
  writeFileSync(path, Buffer.alloc(found.size), { flag: 'r+' });
}
