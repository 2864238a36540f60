/** Generates the secrets of the embedded store at the first start, and reads them later. */

import { randomBytes } from 'node:crypto';
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { faultText } from '../store/lmdb/faults.ts';
import { ownerFile } from '../store/lmdb/private-files.ts';
import type { Config, Environment } from './config.ts';
import { SettingsError } from './config.ts';
import { type KeySource, keyFile, keySourceOf } from './key-source.ts';
import { makeFolder } from './make-folder.ts';
import { openFileWarnings } from './open-files.ts';
import { createPrivateFile, isFull, readPrivateFile } from './private-file.ts';
import { StartError } from './start-error.ts';
import type { MasterKey } from './values.ts';
import { adminToken, Mistake, masterKeys } from './values.ts';

/** Name of the file with the master keys in the data folder. */
export const masterKeysFile = 'master-keys';
const adminTokenFile = 'admin-token';

/** The secrets of a running server. */
export interface ServerSecrets {
  /** As their source has them: the first is used for writing, all for reading. */
  masterKeys: MasterKey[];
  /** Where they come from, to read them again. */
  keySource: KeySource;
  /** The token of the administrator. */
  adminToken: string;
  /** Whether the data folder contained no store. Always false with Redis. */
  firstStart: boolean;
  /** What the operator should correct; for the log. */
  warnings: string[];
}

/**
 * The secrets from the settings or, with the embedded store, from its data folder, where missing
 * ones are generated. `env` is that of a command that prints the master keys. Throws SettingsError.
 */
export async function openSecrets(
  config: Config,
  env: Environment = process.env,
): Promise<ServerSecrets> {
  if (config.store.kind !== 'lmdb') return await givenSecrets(config, env);
  const { folder } = config.store;
  const warnings: string[] = [];
  const mistakes: string[] = [];
  const firstStart = openFolder(folder, warnings);
  const path = join(folder, masterKeysFile);
  const given = keySourceOf(config, env);
  const keySource = given ?? keyFile(path, config.masterKeysBytesMax);
  const keys = await attempt(
    async () => (given ? await given.read() : ownMasterKeys(folder, firstStart, warnings)),
    mistakes,
  );
  const token = await attempt(
    async () => config.adminToken ?? ownAdminToken(folder, warnings),
    mistakes,
  );
  if (keys === undefined || token === undefined) throw new SettingsError(mistakes);
  warnings.push(...openFileWarnings(config, env));
  return { masterKeys: keys, keySource, adminToken: token, firstStart, warnings };
}

/**
 * The master keys alone, where they are: nothing is made, and no admin token is needed. Throws SettingsError.
 */
export async function readMasterKeys(config: Config, env: Environment): Promise<MasterKey[]> {
  const { store, masterKeysBytesMax } = config;
  const own =
    store.kind === 'lmdb'
      ? keyFile(join(store.folder, masterKeysFile), masterKeysBytesMax)
      : undefined;
  const source = keySourceOf(config, env) ?? own;
  if (source === undefined) throw new SettingsError(['USHER_MASTER_KEYS is required with Redis']);
  const mistakes: string[] = [];
  const keys = await attempt(source.read, mistakes);
  if (keys === undefined) throw new SettingsError(mistakes);
  return keys;
}

/**
 * The admin token in a data folder; undefined when there is none. Throws Mistake. Root reads that of a
 * service too, whose user exists only while it runs.
 */
export function readAdminToken(folder: string): string | undefined {
  const path = join(folder, adminTokenFile);
  const text = readPrivateFile(path, process.getuid?.() === 0)?.text;
  return text === undefined ? undefined : parsed(path, text, adminToken, resetAdminToken);
}

async function givenSecrets(config: Config, env: Environment): Promise<ServerSecrets> {
  const { adminToken: token } = config;
  const keySource = keySourceOf(config, env);
  if (keySource === undefined || token === undefined) {
    throw new SettingsError(['USHER_MASTER_KEYS and USHER_ADMIN_TOKEN are required with Redis']);
  }
  const mistakes: string[] = [];
  const keys = await attempt(keySource.read, mistakes);
  if (keys === undefined) throw new SettingsError(mistakes);
  const warnings = openFileWarnings(config, env);
  return { masterKeys: keys, keySource, adminToken: token, firstStart: false, warnings };
}

/** Files that may be in a data folder before the store is created. */
const noStore = new Set([masterKeysFile, adminTokenFile, ownerFile, 'lost+found']);

/** Creates the folder if missing. Returns whether it contains no store yet. */
function openFolder(folder: string, warnings: string[]): boolean {
  try {
    makeFolder(folder, 0o700);
    if (statSync(folder).mode & 0o022) {
      warnings.push(
        `other users may write to the data folder ${folder}; run: chmod go-w ${folder}`,
      );
    }
    return readdirSync(folder).every(name => name.startsWith('.') || noStore.has(name));
  } catch (error) {
    if (isFull(error)) throw new StartError(`${folder} cannot be created: ${faultText(error)}`);
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new SettingsError([
      `USHER_STORE names a data folder that cannot be used${code}; ` +
        `make ${folder} a folder that this user owns`,
    ]);
  }
}

const resetAdminToken = 'restore it, or delete the file to generate a new token';
const restoreMasterKeys =
  'restore it from a backup, or set USHER_MASTER_KEYS: without it the secrets cannot be read';

function ownMasterKeys(folder: string, firstStart: boolean, warnings: string[]): MasterKey[] {
  const path = join(folder, masterKeysFile);
  let text = readOwn(path, warnings);
  if (text === undefined) {
    // With new keys, the secrets in the store would be unreadable.
    if (!firstStart)
      throw new Mistake(`${path} is missing in a data folder with a store; ${restoreMasterKeys}`);
    text = createPrivateFile(path, `k1:${randomBytes(32).toString('base64')}`);
  }
  return parsed(path, text, masterKeys, restoreMasterKeys);
}

function ownAdminToken(folder: string, warnings: string[]): string {
  const path = join(folder, adminTokenFile);
  const made = () =>
    createPrivateFile(path, `usher-admin-${randomBytes(32).toString('base64url')}`);
  return parsed(path, readOwn(path, warnings) ?? made(), adminToken, resetAdminToken);
}

function readOwn(path: string, warnings: string[]): string | undefined {
  const file = readPrivateFile(path);
  if (file?.open) warnings.push(`other users may read ${path}; run: chmod 600 ${path}`);
  return file?.text;
}

function parsed<T>(path: string, text: string, read: (text: string) => T, advice: string): T {
  try {
    return read(text);
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    throw new Mistake(`${path} ${error.message}; the file is damaged: ${advice}`);
  }
}

async function attempt<T>(work: () => Promise<T>, mistakes: string[]): Promise<T | undefined> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Mistake)) throw error;
    mistakes.push(error.message);
    return undefined;
  }
}
