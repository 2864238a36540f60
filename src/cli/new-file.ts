/** Writes what commands put into a file of its own. */

import { open, unlink } from 'node:fs/promises';
import { UsageError } from './exit-codes.ts';

/**
 * Writes texts to a file that does not exist yet and that only this user can read. Once this resolves, all of
 * them are on the disk; a failure leaves no file. Throws UsageError, and what reading the texts throws.
 */
export async function writeNewFile(path: string, texts: AsyncIterable<string>): Promise<void> {
  const file = await open(path, 'wx', 0o600).catch(error => {
    throw new UsageError(`${path} cannot be created (${error.code}): name a new file`);
  });
  try {
    // Unlike `write`, it goes on where a disk that is nearly full took a part.
    for await (const text of texts) await file.appendFile(text);
    await file.sync();
  } catch (error) {
    await unlink(path);
    throw fileProblem(path, error);
  } finally {
    await file.close();
  }
}

function fileProblem(path: string, error: unknown): unknown {
  if (!(error instanceof Error) || !('syscall' in error && 'code' in error)) return error;
  const isFull = error.code === 'ENOSPC' || error.code === 'EDQUOT';
  return new UsageError(
    `${path} cannot be written (${error.code})${isFull ? ': the disk is full' : ''}`,
  );
}
