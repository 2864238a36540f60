/** Reads and replaces the files of master keys that operators name. */

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fchmodSync,
  fstatSync,
  fsyncSync,
  lstatSync,
  openSync,
  readSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Mistake } from './values.ts';

/** Reads a text of at most `bytesMax` bytes, without the line break at its end. Throws Mistake. */
export function readBounded(path: string, bytesMax: number): string {
  let fd: number | undefined;
  try {
    fd = openSync(path, 'r');
    if (!fstatSync(fd).isFile()) throw new Mistake('is not a file');
    const bytes = Buffer.alloc(bytesMax + 1);
    let length = 0;
    for (let read = -1; read !== 0 && length <= bytesMax; length += read) {
      read = readSync(fd, bytes, length, bytes.length - length, null);
    }
    if (length > bytesMax) throw new Mistake(`has more than ${bytesMax} bytes`);
    return bytes
      .subarray(0, length)
      .toString('utf8')
      .replace(/\r?\n$/, '');
  } catch (error) {
    throw error instanceof Mistake ? error : new Mistake(`cannot be read (${codeOf(error)})`);
  } finally {
    if (fd !== undefined) closeSync(fd);
  }
}

/**
 * Replaces a file that exists with one of the same mode, so that a crash leaves the old or the new text.
 * Throws Mistake when it cannot, or when the file is a link or another user's: some program manages it.
 */
export function replaceKeyFile(path: string, text: string): void {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    const old = lstatSync(path);
    if (!old.isFile() || old.uid !== process.getuid?.()) {
      throw new Mistake('is not a file of this user, so that Usher does not write it');
    }
    writeNew(draft, text, old.mode & 0o777);
    renameSync(draft, path);
    syncFolder(dirname(path));
  } catch (error) {
    rmSync(draft, { force: true });
    throw error instanceof Mistake ? error : new Mistake(`cannot be written (${codeOf(error)})`);
  }
}

/** Creates a file that must not exist, with its content on the disk. */
export function writeNew(path: string, text: string, mode: number): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    fchmodSync(fd, mode);
    // Unlike `writeSync`, it goes on where a disk that is nearly full took a part.
    writeFileSync(fd, `${text}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** Brings the names in a folder to the disk. */
export function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** The code of an error of the file system, for operators. */
export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
}
