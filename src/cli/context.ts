/** What all commands share: the environment, the terminal and the connection to the server. */

import { randomUUID } from 'node:crypto';
import type { Command } from 'commander';
import type { Admin } from '../api/connect.ts';
import { AdminError, connectAdmin } from '../api/connect.ts';
import type { Environment } from '../settings/config.ts';
import { readSetting } from '../settings/config.ts';
import { readAdminToken } from '../settings/first-start.ts';
import { clientTlsMistake } from '../settings/tls-files.ts';
import { Mistake } from '../settings/values.ts';
import { readTlsFiles, type TlsPems } from '../tls/files.ts';
import { UsageError } from './exit-codes.ts';
import type { Terminal } from './terminal.ts';

/** What a command gets. */
export interface Context {
  /** The environment variables. */
  env: Environment;
  /** Takes the output. */
  terminal: Terminal;
  stdin: NodeJS.ReadStream;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Starts the server; resolves when it is up. */
  serve: (env: Environment) => Promise<void>;
  /** Restores the backup in a file, and says what it holds or why it was refused. */
  restore: (
    env: Environment,
    path: string,
    warn: (message: string) => void,
  ) => Promise<RestoreReport>;
  /** Checks the backup in a file as `restore` does, without a store. */
  checkBackup: (env: Environment, path: string) => Promise<CheckReport>;
}

/** What a backup holds, how far its log goes, and when it was made; or what is wrong with it. */
export type CheckReport =
  | { records: number; entries: number; imported: number; documents: number; made: string }
  | { problem: string };

/** What was restored, or why nothing was. */
type RestoreReport =
  | { records: number; entries: number; imported: number; documents: number }
  | { problem: string };

/** Options that every command has. */
export interface GlobalOptions {
  /** Whether to print JSON. */
  json?: true;
  /** How long a call may take, in seconds. */
  timeout: number;
}

/** The options of a command, including the global ones. */
export function optionsOf<T>(command: Command): T & GlobalOptions {
  return command.optsWithGlobals<T & GlobalOptions>();
}

/** Connects as the administrator. Throws Mistake for wrong settings or a missing admin token. */
export function connect(context: Context, { timeout }: GlobalOptions): Admin {
  const { env, terminal } = context;
  const url = readSetting('managerUrl', env) ?? '';
  const { protocol, hostname } = new URL(url);
  if (protocol === 'http:' && !/^(localhost|127\.[0-9.]+|\[::1\])$/.test(hostname)) {
    terminal.note(`warning: the admin token is sent to ${hostname} unencrypted; use https`);
  }
  const tls = readManagerTls(env, protocol === 'https:');
  return connectAdmin({ url, authorization: findAdminToken(env), timeoutMs: timeout * 1000, tls });
}

/** The files for https; undefined when none are set. Throws Mistake. */
function readManagerTls(env: Environment, isTls: boolean): TlsPems | undefined {
  const files = {
    ca: readSetting('managerCaFile', env),
    cert: readSetting('managerCertFile', env),
    key: readSetting('managerKeyFile', env),
  };
  const address = 'USHER_MANAGER_URL does not begin with https://';
  const mistake = clientTlsMistake({ prefix: 'USHER_MANAGER', address, isTls, files });
  if (mistake !== undefined) throw new Mistake(mistake);
  return files.ca === undefined && files.cert === undefined ? undefined : readTlsFiles(files);
}

function findAdminToken(env: Environment): string {
  const given = readSetting('adminToken', env);
  if (given !== undefined) return given;
  const store = readSetting('store', env);
  const own = store?.kind === 'lmdb' ? readAdminToken(store.folder) : undefined;
  if (own !== undefined) return own;
  const where = store?.kind === 'lmdb' ? ` and there is none in ${store.folder}` : '';
  throw new Mistake(
    `USHER_ADMIN_TOKEN is not set${where}; set it, or run this where the server's data folder is ` +
      '(USHER_STORE)',
  );
}

/**
 * Makes a change under a request id, `given` or random, so that repeating it has no further effect.
 * If the outcome is unknown, the AdminError says how to repeat the command.
 */
export async function change<T>(
  given: string | undefined,
  make: (requestId: string) => Promise<T>,
): Promise<T> {
  const requestId = given ?? randomUUID();
  try {
    return await make(requestId);
  } catch (error) {
    const unknown = error instanceof AdminError && /^(Unavailable|Deadline)/.test(error.code);
    if (!unknown) throw error;
    throw new AdminError(
      'Unavailable',
      `${error.message}\nit is not known whether the change was made`,
      error,
      `repeat the command with --request-id ${requestId}`,
    );
  }
}

/** Reads the standard input, without the line break at its end; throws UsageError if too long. */
export async function readStdin({ stdin }: Context, bytesMax: number): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    size += chunk.length;
    if (size > bytesMax) throw new UsageError(`the standard input is over ${bytesMax} bytes long`);
    chunks.push(Buffer.from(chunk));
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}
