/** Warns of files with secrets that other users of this machine may read. */

import { existsSync, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Config, Environment } from './config.ts';
import { mountedData } from './key-folder.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';

/** The variables that name a file with a secret. */
const variables = [
  ...Object.values<Setting<unknown>>(settings).flatMap(({ name, secret }) => {
    if (secret) return [`${name}_FILE`];
    return name.endsWith('_KEY_FILE') ? [name] : [];
  }),
  'OTEL_EXPORTER_OTLP_CLIENT_KEY',
  'OTEL_EXPORTER_OTLP_TRACES_CLIENT_KEY',
];

/** A sentence for each such file and the folder of master keys, with what to do. */
export function openFileWarnings(
  { masterKeysFolder: folder }: Pick<Config, 'masterKeysFolder'>,
  env: Environment,
): string[] {
  const files = variables.map(name => [env[name], name] as const);
  const inFolder = folder === undefined ? [] : readdirSync(folder).map(file => join(folder, file));
  const keys = inFolder.map(path => [path, settings.masterKeysFolder.name] as const);
  return [
    ...[...files, ...keys].flatMap(([path, name]) =>
      path !== undefined && isOpen(path)
        ? [`other users may read ${path} (${name}); run: ${commandFor(path)}`]
        : [],
    ),
    ...(folder !== undefined && isWritable(folder)
      ? [
          `other users may write to the folder ${folder} (${settings.masterKeysFolder.name}); ` +
            `run: chmod go-w ${folder}`,
        ]
      : []),
  ];
}

/**
 * Whether users other than the owner may read a file or write to it. The group may read a file of another user,
 * since Usher could not read it otherwise.
 */
function isOpen(path: string): boolean {
  const stat = statOf(path);
  if (!stat?.isFile() || isMounted(dirname(path)) || isShut(path)) return false;
  return (stat.mode & (stat.uid === process.getuid?.() ? 0o077 : 0o027)) !== 0;
}

/** Whether a folder above a file lets its owner in alone. */
function isShut(path: string): boolean {
  for (let at = realpathSync(path); at !== dirname(at); ) {
    at = dirname(at);
    if ((statSync(at).mode & 0o011) === 0) return true;
  }
  return false;
}

/** Undefined for a file that cannot be looked at: what reads it says so. */
function statOf(path: string): Stats | undefined {
  try {
    return statSync(path);
  } catch {
    return undefined;
  }
}

function isWritable(folder: string): boolean {
  return !isMounted(folder) && (statSync(folder).mode & 0o022) !== 0;
}

/**
 * Whether Kubernetes, or the secrets of Docker and Podman, put a folder into a container: it has no other users,
 * and its own one cannot change the rights.
 */
function isMounted(folder: string): boolean {
  return `${folder}/`.startsWith('/run/secrets/') || existsSync(join(folder, mountedData));
}

function commandFor(path: string): string {
  const user = process.getuid?.();
  const own = statSync(path).uid === user ? '' : `chown ${user} ${path} && `;
  return `${own}chmod 600 ${path}`;
}
