/**
 * Remembers the head of the log over a restart, in a small file: with it, a store that was rolled
 * back while no replica lived is noticed at the start.
 */

import { readFileSync } from 'node:fs';
import { rename, writeFile } from 'node:fs/promises';
import { StoreUnusable } from '../store.ts';
import type { Remembered } from './memory.ts';

/** What the file remembers, and how it is written. */
export interface StateFile {
  /** What was remembered before the start; undefined when there is no file yet. */
  readonly remembered: Remembered | undefined;
  /** Writes a head, in the background. */
  remember(head: Remembered): void;
  /** Resolves once the last head is written, or could not be. */
  settled(): Promise<void>;
}

/**
 * Opens the file. `onWarning` is called when it cannot be written. Throws StoreUnusable when it
 * cannot be read.
 */
export function openStateFile(path: string, onWarning: (message: string) => void): StateFile {
  const remembered = readState(path);
  let written = remembered?.hash;
  let next: Remembered | undefined;
  let isFailing = false;
  let writing: Promise<void> | undefined;

  const write = async () => {
    for (let head = next; head !== undefined; head = next) {
      next = undefined;
      try {
        await replace(path, head);
        written = head.hash;
        isFailing = false;
      } catch (error) {
        if (!isFailing) onWarning(`USHER_STATE_FILE cannot be written: ${messageOf(error)}`);
        isFailing = true;
      }
    }
    writing = undefined;
  };
  return {
    remembered,
    remember(head) {
      if (head.hash === written) return;
      next = head;
      writing ??= write();
    },
    async settled() {
      await writing;
    },
  };
}

/** A file is replaced whole, so that a crash leaves the old or the new one. */
async function replace(path: string, { identity, sequence, hash }: Remembered): Promise<void> {
  const own = `${path}.${process.pid}`;
  const text = `${JSON.stringify({ identity, sequence, hash })}\n`;
  await writeFile(own, text, { mode: 0o600, flush: true });
  await rename(own, path);
}

function readState(path: string): Remembered | undefined {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new StoreUnusable(`USHER_STATE_FILE cannot be read: ${messageOf(error)}`, error);
  }
  const state = parse(text);
  if (state !== undefined) return state;
  throw new StoreUnusable(
    'USHER_STATE_FILE does not hold what Usher wrote there; when you are certain that the store ' +
      'was not rolled back, remove the file and start again',
  );
}

function parse(text: string): Remembered | undefined {
  try {
    const { identity, sequence, hash } = JSON.parse(text) as Partial<Remembered>;
    const isWhole =
      typeof identity === 'string' &&
      Number.isSafeInteger(sequence) &&
      typeof hash === 'string' &&
      /^[0-9a-f]{64}$/.test(hash);
    return isWhole ? { identity, sequence: sequence as number, hash } : undefined;
  } catch {
    return undefined;
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
