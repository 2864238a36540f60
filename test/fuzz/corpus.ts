/** The inputs in the repository: each reaches code that no shorter one does, or was a finding. */

import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const root = join(import.meta.dirname, 'corpus');

/** The folder of a target. */
function folderOf(suite: string, target: string): string {
  return join(root, suite, target);
}

/** An input and its file. */
export interface CorpusFile {
  path: string;
  input: Buffer;
}

/** All inputs of a target, in the order of their names. */
export function readCorpus(suite: string, target: string): CorpusFile[] {
  const folder = folderOf(suite, target);
  mkdirSync(folder, { recursive: true });
  return readdirSync(folder)
    .sort()
    .map(name => join(folder, name))
    .map(path => ({ path, input: readFileSync(path) }));
}

/** Writes an input; returns its path. */
export function keep(suite: string, target: string, input: Buffer, isFinding: boolean): string {
  const digest = createHash('sha256').update(input).digest('hex').slice(0, 12);
  const path = join(folderOf(suite, target), `${isFinding ? 'found-' : ''}${digest}.bin`);
  mkdirSync(folderOf(suite, target), { recursive: true });
  writeFileSync(path, input);
  return path;
}

/** Removes the inputs of a target that were no findings. */
export function clear(suite: string, target: string): void {
  for (const { path } of readCorpus(suite, target)) {
    if (!path.includes('found-')) rmSync(path);
  }
}
