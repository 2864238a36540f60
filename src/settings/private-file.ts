/** Small files with mode 0600 for secrets, created atomically and never overwritten. */

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { faultText } from '../store/lmdb/faults.ts';
import { StartError } from './start-error.ts';
import { Mistake } from './values.ts';

/** The content of a file. */
export interface PrivateFile {
  /** The text without the line break at its end. */
  text: string;
  /** Whether users other than the owner may read or write it. */
  open: boolean;
}

/** Reads a file; undefined when there is none. Throws Mistake if another user owns it, unless `anyOwner`. */
export function readPrivateFile(path: string, anyOwner = false): PrivateFile | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
  try {
    const { mode, uid } = fstatSync(fd);
    if (!anyOwner && uid !== process.getuid?.()) {
      throw new Mistake(
        `${path} belongs to another user (id ${uid}); run as that user, or change it with chown`,
      );
    }
    const text = readFileSync(fd, 'utf8').replace(/\r?\n$/, '');
    return { text, open: (mode & 0o077) !== 0 };
  } catch (error) {
    throw error instanceof Mistake ? error : unusable(path, error);
  } finally {
    closeSync(fd);
  }
}

/**
 * Creates a file with mode 0600 and returns its content. It is synced to disk before it is linked
 * to its name, so that a crash leaves all of it or nothing. If another process has created the file
 * first, that one's content is returned. Throws Mistake when the file cannot be created, and StartError when
 * the disk is full.
 */
export function createPrivateFile(path: string, text: string): string {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    writeDraft(draft, text);
    linkSync(draft, path);
    syncFolder(dirname(path));
    return text;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return readPrivateFile(path)?.text ?? '';
    throw unusable(path, error);
  } finally {
    rmSync(draft, { force: true });
  }
}

function writeDraft(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    // Unlike `writeSync`, it goes on where a disk that is nearly full took a part.
    writeFileSync(fd, `${text}\n`);
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

function syncFolder(path: string): void {
  const fd = openSync(path, 'r');
  try {
    fsyncSync(fd);
  } finally {
    closeSync(fd);
  }
}

/** A Mistake; for a full disk a StartError, since the settings are right and a later start may work. */
function unusable(path: string, error: unknown): Mistake | StartError {
  if (isFull(error)) return new StartError(`${path} cannot be created: ${faultText(error)}`);
  return new Mistake(
    `${path} cannot be read or created (${codeOf(error) ?? 'unknown'}); ` +
      'check that this user owns the folder and may write to it',
  );
}

/** Whether the disk has no room. */
export function isFull(error: unknown): boolean {
  return /^(ENOSPC|EDQUOT)$/.test(codeOf(error) ?? '');
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
