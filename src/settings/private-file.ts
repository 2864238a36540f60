/** Small files with mode 0600 for secrets, created atomically and never overwritten. */

import { randomUUID } from 'node:crypto';
import {
  closeSync,
  fstatSync,
  fsyncSync,
  linkSync,
  openSync,
  readFileSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { Mistake } from './values.ts';

/** The content of a file. */
export interface PrivateFile {
  /** The text without the line break at its end. */
  text: string;
  /** Whether users other than the owner may read or write it. */
  open: boolean;
}

/** Reads a file; undefined when there is none. Throws Mistake if another user owns it. */
export function readPrivateFile(path: string): PrivateFile | undefined {
  let fd: number;
  try {
    fd = openSync(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return undefined;
    throw unusable(path, error);
  }
  try {
    const { mode, uid } = fstatSync(fd);
    if (uid !== process.getuid?.()) {
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
 * first, that one's content is returned. Throws Mistake when the file cannot be created.
 */
export function createPrivateFile(path: string, text: string): string {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`);
  try {
    writeDraft(draft, text);
    try {
      linkSync(draft, path);
      syncFolder(dirname(path));
      return text;
    } catch (error) {
      if (codeOf(error) !== 'EEXIST') throw error;
      return readPrivateFile(path)?.text ?? '';
    } finally {
      unlinkSync(draft);
    }
  } catch (error) {
    throw error instanceof Mistake ? error : unusable(path, error);
  }
}

function writeDraft(path: string, text: string): void {
  const fd = openSync(path, 'wx', 0o600);
  try {
    writeSync(fd, `${text}\n`);
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

function unusable(path: string, error: unknown): Mistake {
  return new Mistake(
    `${path} cannot be read or created (${codeOf(error) ?? 'unknown'}); ` +
      'check that this user owns the folder and may write to it',
  );
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}
