/**
 * Makes this process the only owner of a data folder. The kernel holds the lock and releases it
 * when the process ends in any way. Unlike a file with a process id, it also works between
 * containers that share a volume.
 */

import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { StoreUnusable } from '../store.ts';
import { fillLockFile } from './lock-file.ts';
import { ownerFile, privately } from './private-files.ts';

/** SQLite's result code when another connection holds the lock (SQLITE_BUSY). */
const busy = 5;

/** The locks of this process; a connection that is garbage collected would release its lock. */
const held = new Set<DatabaseSync>();

/**
 * Takes the lock, and returns a function that releases it. Workers need none: their first process
 * has it. Throws StoreUnusable if another process has the lock or the file cannot be created.
 */
export function ownFolder(folder: string): () => void {
  const lock = open(folder);
  try {
    // Node itself offers no lock on a file; SQLite's exclusive transaction is one (fcntl).
    lock.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE');
  } catch (error) {
    lock.close();
    throw isBusy(error) ? inUse(folder) : cannotLock(folder, error);
  }
  try {
    fillLockFile(folder);
  } catch (error) {
    lock.close();
    throw cannotLock(folder, error);
  }
  held.add(lock);
  return () => {
    held.delete(lock);
    lock.close();
  };
}

function open(folder: string): DatabaseSync {
  try {
    return privately(folder, () => new DatabaseSync(join(folder, ownerFile)));
  } catch (error) {
    throw cannotLock(folder, error);
  }
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === busy;
}

function inUse(folder: string): StoreUnusable {
  return new StoreUnusable(
    `the data folder ${folder} is in use by another Usher; stop that one first, or name another ` +
      'folder in USHER_STORE (one server owns a folder; USHER_WORKERS lets it use more processors)',
  );
}

function cannotLock(folder: string, error: unknown): StoreUnusable {
  const detail = error instanceof Error ? error.message : String(error);
  return new StoreUnusable(
    `cannot lock the data folder ${folder} (${detail}); it must be on a file system that this user ` +
      `may write to and that has room, and ${ownerFile} in it must be Usher's own file`,
    error,
  );
}
