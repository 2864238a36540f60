/** `usher restore`: writes a backup into the empty store that USHER_STORE names. No server runs on it. */

import { createReadStream, existsSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { linesOf } from '../reading/lines.ts';
import {
  type Config,
  type Environment,
  keySources,
  readConfig,
  SettingsError,
} from '../settings/config.ts';
import { masterKeysFile, openSecrets, readMasterKeys } from '../settings/first-start.ts';
import { openStore } from '../store/open.ts';
import { BackupProblem, checkBackup, type Restored } from '../tokens/check-backup.ts';
import { type RestoredBy, restoreBackup } from '../tokens/restore.ts';
import { createRecordSeal } from '../verify/record-seal.ts';
import { withoutChecksum } from './backup-checksum.ts';
import { limitsOf } from './limits.ts';
import { ownStore, startErrorOf } from './own-store.ts';

/** What was restored, or why nothing was. */
export type RestoreReport = Restored | { problem: string };

/**
 * Restores a backup. `warn` gets warnings for the operator. Throws SettingsError, StartError, and
 * Unavailable.
 */
export async function restore(
  env: Environment,
  path: string,
  warn: (message: string) => void,
): Promise<RestoreReport> {
  const config = readConfig(env);
  needMasterKeys(config, env);
  const { masterKeys } = await openSecrets(config, env);
  const seal = createRecordSeal(masterKeys);
  try {
    await ownStore(config);
    const store = await openStore(config.store, {
      now: Date.now,
      onWarning: warn,
      seal,
      limits: limitsOf(config).store,
    });
    try {
      const lines = () => withoutChecksum(fileLines(path));
      return await restoreBackup(lines, store, seal, commandLine());
    } finally {
      await store.close();
    }
  } catch (error) {
    if (error instanceof BackupProblem) return { problem: error.message };
    throw startErrorOf(error);
  }
}

/** What a backup holds, and when it was made; or what is wrong with it. */
export type CheckReport = (Restored & { made: string }) | { problem: string };

/**
 * Checks a backup as a restore does, and writes nothing: only the master keys are needed, no store.
 * Throws SettingsError.
 */
export async function checkBackupFile(env: Environment, path: string): Promise<CheckReport> {
  const config = readConfig(env);
  needMasterKeys(config, env);
  const seal = createRecordSeal(await readMasterKeys(config, env));
  try {
    const { counts, end } = await checkBackup(withoutChecksum(fileLines(path)), seal);
    return { ...counts, made: new Date(end.time).toISOString() };
  } catch (error) {
    if (error instanceof BackupProblem) return { problem: error.message };
    throw error;
  }
}

/** The operator, as far as a program on this machine knows: no token is asked for. */
function commandLine(): RestoredBy {
  return { actor: 'command line', peer: hostname(), time: Date.now() };
}

/** Without them a new key would be generated, under which nothing of the backup could be read. */
function needMasterKeys(config: Config, env: Environment): void {
  const { store } = config;
  if (store.kind !== 'lmdb' || keySources(env).length > 0) return;
  const path = join(store.folder, masterKeysFile);
  if (existsSync(path)) return;
  throw new SettingsError([
    `USHER_MASTER_KEYS is not set, and there is no ${path}: a backup can only be restored with the ` +
      'master keys of the store that it was made of',
  ]);
}

async function* fileLines(path: string): AsyncGenerator<string> {
  const input = createReadStream(path);
  try {
    yield* linesOf(input);
  } catch (error) {
    if (!(error instanceof Error) || !('code' in error)) throw error;
    throw new BackupProblem(`${path} cannot be read (${error.code})`);
  }
}
