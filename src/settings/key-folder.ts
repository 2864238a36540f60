/**
 * A folder of master keys: one file a key, named by its id, whose content is the base64 of 32 bytes; and a
 * file `current` with the id of the key that writes, needed once there are two. Kubernetes mounts a secret
 * in this way. Names that begin with a dot are left out.
 */

import { existsSync, readdirSync, realpathSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, readBounded, replaceKeyFile, syncFolder, writeNew } from './key-file.ts';
import { type MasterKey, Mistake, masterKeys } from './values.ts';

/** The file that names the key which writes. No key has this id. */
const currentName = 'current';

/** The link that a Kubernetes mount swaps, so that all its files change at once. */
export const mountedData = '..data';

/** How often a folder is read when it is swapped meanwhile. */
const attemptsMax = 3;

/** Reads the keys of a folder, the one that writes first. Throws Mistake. */
export function readKeyFolder(path: string, bytesMax: number): MasterKey[] {
  for (let attempt = 1; ; attempt++) {
    const folder = snapshotOf(path);
    try {
      return readFolder(folder, bytesMax);
    } catch (error) {
      // A swap removes the old folder, perhaps before all of it was read.
      if (attempt === attemptsMax || snapshotOf(path) === folder) throw error;
    }
  }
}

/**
 * Adds a key to a folder and makes it the one that writes. A crash in between leaves a key that is only
 * read. Throws Mistake.
 */
export function addToFolder(path: string, key: MasterKey, others: readonly MasterKey[]): void {
  demandOwn(path);
  const current = join(path, currentName);
  try {
    // Before there are two keys.
    if (!existsSync(current)) writeNew(current, others[0]?.id ?? key.id, 0o600);
    writeNew(join(path, key.id), key.bytes.toString('base64'), 0o600);
    syncFolder(path);
  } catch (error) {
    throw new Mistake(`cannot be written (${codeOf(error)})`);
  }
  replaceKeyFile(current, key.id);
}

/** Removes a key that does not write from a folder. Throws Mistake. */
export function removeFromFolder(path: string, id: string): void {
  demandOwn(path);
  try {
    rmSync(join(path, id));
    syncFolder(path);
  } catch (error) {
    throw new Mistake(`cannot be written (${codeOf(error)})`);
  }
}

function demandOwn(path: string): void {
  if (snapshotOf(path) === realpathSync(path)) return;
  throw new Mistake('is a mounted secret, so that Usher does not write it');
}

/** The folder behind all links, which does not change when a link is swapped. Throws Mistake. */
function snapshotOf(path: string): string {
  try {
    const mounted = join(path, mountedData);
    return realpathSync(existsSync(mounted) ? mounted : path);
  } catch (error) {
    throw new Mistake(`cannot be read (${codeOf(error)})`);
  }
}

function readFolder(folder: string, bytesMax: number): MasterKey[] {
  const names = namesIn(folder);
  const ids = names.filter(name => name !== currentName).sort();
  if (ids.length === 0) throw new Mistake('has no key: make a file for each, named by its id');
  if (!names.includes(currentName) && ids.length > 1) {
    throw new Mistake(
      `has ${ids.length} keys and no file ${currentName} with the id of the one that writes`,
    );
  }
  const first = names.includes(currentName) ? textOf(folder, currentName, bytesMax) : ids[0];
  if (first === undefined || !ids.includes(first)) {
    throw new Mistake(`has no file for the key that its file ${currentName} names`);
  }
  const ordered = [first, ...ids.filter(id => id !== first)];
  const texts = ordered.map(id => `${id}:${textOf(folder, id, bytesMax)}`);
  if (texts.join(',').length > bytesMax)
    throw new Mistake(`has more than ${bytesMax} bytes of keys`);
  for (const [n, text] of texts.entries()) checkFile(ordered[n] as string, text);
  return masterKeys(texts.join(','));
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter(name => !name.startsWith('.'));
  } catch (error) {
    throw new Mistake(`cannot be read (${codeOf(error)})`);
  }
}

function textOf(folder: string, name: string, bytesMax: number): string {
  try {
    return readBounded(join(folder, name), bytesMax);
  } catch (error) {
    throw error instanceof Mistake
      ? new Mistake(`has a file ${name} that ${error.message}`)
      : error;
  }
}

/** Names the file of a key that is wrong; its name is no secret. */
function checkFile(name: string, text: string): void {
  if (isOneKey(text)) return;
  throw new Mistake(
    `has a file ${name} that is not a key: its name is an id of 1 to 32 letters, digits, _ or -, its ` +
      'content the base64 of 32 bytes; make one with: openssl rand -base64 32',
  );
}

function isOneKey(text: string): boolean {
  try {
    return masterKeys(text).length === 1;
  } catch (error) {
    if (error instanceof Mistake) return false;
    throw error;
  }
}
