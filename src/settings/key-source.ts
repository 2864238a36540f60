/** Where the master keys come from: a setting, a file, a folder, a command, or the data folder. */

import type { Config, Environment } from './config.ts';
import { outputOf } from './key-command.ts';
import { readBounded, replaceKeyFile } from './key-file.ts';
import { addToFolder, readKeyFolder, removeFromFolder } from './key-folder.ts';
import { settings } from './settings.ts';
import { type MasterKey, Mistake, masterKeys } from './values.ts';

/** A place that master keys come from. */
export interface KeySource {
  /** What it is. */
  readonly kind: 'setting' | 'file' | 'folder' | 'command';
  /** Names it for operators, as in "the file /run/secrets/keys"; it holds no secret. */
  readonly place: string;
  /** Reads the keys as they are now, the one that writes first. Throws Mistake. */
  read(): Promise<MasterKey[]>;
  /** Adds a key and puts it first. Absent where Usher cannot write. Throws Mistake. */
  add?(key: MasterKey, others: readonly MasterKey[]): Promise<void>;
  /** Removes a key, which leaves `others`, the one that writes first. Absent likewise. Throws Mistake. */
  remove?(id: string, others: readonly MasterKey[]): Promise<void>;
}

/** The source that the settings name; undefined when they name none. */
export function keySourceOf(config: Config, env: Environment): KeySource | undefined {
  const { masterKeys: given, masterKeysFile, masterKeysFolder, masterKeysCommand } = config;
  const limits = {
    timeoutMs: config.masterKeysCommandMs,
    bytesMax: config.masterKeysBytesMax,
  };
  if (masterKeysCommand !== undefined) {
    const { name } = settings.masterKeysCommand;
    return {
      kind: 'command',
      place: `the output of ${name}`,
      async read() {
        const text = await naming(name, () => outputOf(masterKeysCommand, env, limits));
        return await naming(`what ${name} prints`, () => masterKeys(text));
      },
    };
  }
  if (masterKeysFolder !== undefined) {
    const { name } = settings.masterKeysFolder;
    return {
      kind: 'folder',
      place: `the folder ${masterKeysFolder}`,
      read: () => naming(name, () => readKeyFolder(masterKeysFolder, limits.bytesMax)),
      add: (key, others) => naming(name, () => addToFolder(masterKeysFolder, key, others)),
      remove: id => naming(name, () => removeFromFolder(masterKeysFolder, id)),
    };
  }
  if (masterKeysFile !== undefined) return keyFile(masterKeysFile, limits.bytesMax);
  if (given === undefined) return undefined;
  return { kind: 'setting', place: settings.masterKeys.name, read: async () => given };
}

/** A file with master keys. */
export function keyFile(path: string, bytesMax: number): KeySource {
  return {
    kind: 'file',
    place: `the file ${path}`,
    read: () => naming(`the file ${path}`, () => masterKeys(readBounded(path, bytesMax))),
    add: (key, others) =>
      naming(`the file ${path}`, () => replaceKeyFile(path, keysText([key, ...others]))),
    remove: (_, others) => naming(`the file ${path}`, () => replaceKeyFile(path, keysText(others))),
  };
}

/** Master keys as their setting has them. */
export function keysText(keys: readonly { id: string; bytes: Uint8Array }[]): string {
  return keys.map(({ id, bytes }) => `${id}:${Buffer.from(bytes).toString('base64')}`).join(',');
}

/** Puts what a mistake is about in front of it. */
async function naming<T>(what: string, work: () => T | Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw error instanceof Mistake ? new Mistake(`${what} ${error.message}`) : error;
  }
}
