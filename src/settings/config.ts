/** Reads the configuration from the environment and reports all mistakes at once. */

import { readFileSync } from 'node:fs';
import type { RoleRule } from '../people/role-rules.ts';
import { nearest } from '../reading/nearest.ts';
import { oidcMistakes } from './oidc.ts';
import { outboundMistakes } from './outbound.ts';
import type { Setting } from './setting.ts';
import { settings } from './settings.ts';
import { type tlsFiles, tlsMistakes } from './tls.ts';
import { type clientTlsFiles, clientTlsMistake, storeTlsSettings } from './tls-files.ts';
import type { Listen, MasterKey } from './values.ts';
import { Mistake } from './values.ts';
import { accessMistakes, type VerifyAccess } from './verify-access.ts';

type Settings = typeof settings;
/** Settings that may be absent: the embedded store generates its own, or another setting decides. */
type Optional =
  | 'masterKeys'
  | 'masterKeysFolder'
  | 'masterKeysCommand'
  | 'adminToken'
  | 'connectionsPerSourceMax'
  | 'watchersPerCallerMax'
  | 'stateFile'
  | 'verifyAccess'
  | 'outboundCaFile'
  | 'leakSecret'
  | OptionalOidc
  | keyof typeof clientTlsFiles
  | keyof typeof tlsFiles;

type OptionalOidc = 'oidcIssuer' | 'oidcClientId' | 'oidcClientSecret' | 'oidcRoles';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The values of all settings. */
export type Config = {
  readonly [K in Exclude<keyof Settings, Optional>]: ReturnType<Settings[K]['read']>;
} & {
  readonly masterKeys?: MasterKey[];
  /** The file that `masterKeys` was read from; absent when the keys were given otherwise. */
  readonly masterKeysFile?: string;
  readonly masterKeysFolder?: string;
  readonly masterKeysCommand?: string;
  readonly adminToken?: string;
  readonly connectionsPerSourceMax?: number;
  readonly watchersPerCallerMax?: number;
  readonly stateFile?: string;
  readonly verifyAccess?: VerifyAccess;
  readonly oidcIssuer?: string;
  readonly oidcClientId?: string;
  readonly oidcClientSecret?: string;
  readonly oidcRoles?: RoleRule[];
  readonly outboundCaFile?: string;
  readonly leakSecret?: Uint8Array;
} & { readonly [K in keyof typeof clientTlsFiles | keyof typeof tlsFiles]?: string };

/** Thrown with all mistakes in the settings. No message contains a setting's value. */
export class SettingsError extends Error {
  override readonly name = 'SettingsError';
  /** One sentence per mistake, for the operator. */
  readonly mistakes: readonly string[];
  constructor(mistakes: readonly string[]) {
    super(mistakes.join('\n'));
    this.mistakes = mistakes;
  }
}

/** Reads the configuration of a server. Throws SettingsError. */
export function readConfig(env: Environment): Config {
  const mistakes: string[] = [];
  const config: Record<string, unknown> = {};
  for (const key of Object.keys(settings) as (keyof Settings)[]) {
    try {
      const value = readSetting(key, env);
      if (value !== undefined) config[key] = value;
    } catch (error) {
      mistakes.push(mistakeOf(error));
    }
  }
  const file = env[masterKeysFileName];
  if (file !== undefined) config.masterKeysFile = file;
  mistakes.push(...unknownNames(env), ...contradictions(config as Partial<Config>, env));
  if (mistakes.length > 0) throw new SettingsError(mistakes);
  return withTlsFiles(config as unknown as Config);
}

/** Puts the files for TLS into the address of the store. */
function withTlsFiles(config: Config): Config {
  const { store } = config;
  const { files } = storeTlsSettings(config);
  if (store.kind !== 'redis' || (files.ca ?? files.cert) === undefined) return config;
  return { ...config, store: { ...store, tlsFiles: files } };
}

/** Reads one setting; undefined when it is unset and has no default. Throws Mistake. */
export function readSetting<K extends keyof Settings>(
  key: K,
  env: Environment,
): ReturnType<Settings[K]['read']> | undefined {
  const setting = settings[key] as Setting<ReturnType<Settings[K]['read']>>;
  const text = textOf(setting, env) ?? setting.default;
  if (text === undefined) return undefined;
  try {
    return setting.read(text);
  } catch (error) {
    throw new Mistake(`${setting.name} ${mistakeOf(error)}`);
  }
}

function textOf(setting: Setting<unknown>, env: Environment): string | undefined {
  const { formerName } = setting;
  const former = formerName && env[formerName];
  const direct = env[setting.name] ?? former;
  if (former !== undefined && env[setting.name] !== undefined) {
    throw new Mistake(
      `${setting.name} and its former name ${formerName} are both set; unset the latter`,
    );
  }
  const fileName = `${setting.name}_FILE`;
  const path = setting.secret ? env[fileName] : undefined;
  if (path === undefined) return direct;
  if (direct !== undefined) {
    throw new Mistake(`${setting.name} and ${fileName} are both set; unset one of them`);
  }
  try {
    // The line break that editors and secret managers append is not part of the secret.
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new Mistake(
      `${fileName} names a file that cannot be read${code}; check its path and its permissions`,
    );
  }
}

/** A warning for each setting that is given by a former name. */
export function formerNameWarnings(env: Environment): string[] {
  return Object.values<Setting<unknown>>(settings).flatMap(({ name, formerName }) =>
    formerName !== undefined && env[formerName] !== undefined
      ? [
          `${formerName} is now ${name}: rename it, since a later version will not read the former name`,
        ]
      : [],
  );
}

function mistakeOf(error: unknown): string {
  if (error instanceof Mistake) return error.message;
  throw error;
}

/** What the names of all settings begin with. */
const prefix = 'USHER_';

/** The variables that Kubernetes sets for a service named usher, which are not settings. */
const serviceLink =
  /^USHER(_[A-Z0-9_]+)?_(SERVICE_HOST|SERVICE_PORT(_[A-Z0-9_]+)?|PORT(_[0-9]+_(TCP|UDP|SCTP)(_(PROTO|PORT|ADDR))?)?)$/;

/** A sentence for each variable that looks like a setting and is none. */
export function unknownNames(env: Environment): string[] {
  const known = new Set<string>();
  for (const { name, formerName, secret } of Object.values<Setting<unknown>>(settings)) {
    known.add(name);
    if (formerName !== undefined) known.add(formerName);
    if (secret) known.add(`${name}_FILE`);
  }
  return Object.keys(env)
    .filter(name => name.startsWith(prefix) && !known.has(name) && !serviceLink.test(name))
    .map(name => `${name} is not a setting${adviceFor(name, known)}`);
}

function adviceFor(name: string, known: Iterable<string>): string {
  // What all names begin with says nothing of what was meant.
  const bare = new Map([...known].map(each => [each.slice(prefix.length), each]));
  const meant = nearest(name.slice(prefix.length), bare.keys());
  if (meant === undefined) return '; unset it, or see `usher settings`';
  return `; did you mean ${bare.get(meant)}? Otherwise unset it`;
}

function contradictions(config: Partial<Config>, env: Environment): string[] {
  const tlsMistake = clientTlsMistake(storeTlsSettings(config));
  return [
    ...listenerMistakes(config),
    ...tlsMistakes(config),
    ...accessMistakes(config),
    ...oidcMistakes(config),
    ...outboundMistakes(config),
    ...secretMistakes(config, env),
    ...keySourceMistakes(env),
    ...limitMistakes(config),
    ...(tlsMistake === undefined ? [] : [tlsMistake]),
  ];
}

function listenerMistakes(config: Partial<Config>): string[] {
  const named: [string, Listen | undefined][] = [
    ['USHER_GRPC_LISTEN', config.grpcListen],
    ['USHER_HTTP_LISTEN', config.httpListen],
    ['USHER_MANAGER_LISTEN', config.managerListen],
    ['USHER_METRICS_LISTEN', config.metricsListen],
  ];
  if (named.slice(0, 3).every(([, listen]) => listen === 'off')) {
    return ['USHER_GRPC_LISTEN, USHER_HTTP_LISTEN and USHER_MANAGER_LISTEN are all off; set one'];
  }
  const mistakes: string[] = [];
  for (const [name, listen] of named.slice(0, 2)) {
    // Each worker would get a different free port.
    if ((config.workers ?? 1) > 1 && listen !== 'off' && listen?.port === 0) {
      mistakes.push(`${name} has port 0, which several workers cannot share; name a port`);
    }
  }
  const taken = new Map<string, string>();
  for (const [name, listen] of named) {
    if (listen === undefined || listen === 'off' || listen.port === 0) continue;
    const address = `${listen.host.toLowerCase()} ${listen.port}`;
    const other = taken.get(address);
    if (other) mistakes.push(`${name} is the same address as ${other}; give each its own port`);
    taken.set(address, name);
  }
  return mistakes;
}

function secretMistakes({ store }: Partial<Config>, env: Environment): string[] {
  if (store?.kind !== 'redis') return [];
  const makeWith = {
    USHER_MASTER_KEYS: 'echo "k1:$(openssl rand -base64 32)"',
    USHER_ADMIN_TOKEN: 'openssl rand -hex 32',
  };
  return Object.entries(makeWith)
    .filter(([name]) => env[name] === undefined && env[`${name}_FILE`] === undefined)
    .filter(([name]) => name !== settings.masterKeys.name || keySources(env).length === 0)
    .map(
      ([name, command]) =>
        `${name} is required with Redis and must be the same on all servers; ` +
        `make one with: ${command}`,
    );
}

const masterKeysFileName = `${settings.masterKeys.name}_FILE`;

/** The settings that say where the master keys are, which are set. */
export function keySources(env: Environment): string[] {
  const { masterKeys, masterKeysFolder, masterKeysCommand } = settings;
  const names = [
    masterKeys.name,
    masterKeysFileName,
    masterKeysFolder.name,
    masterKeysCommand.name,
  ];
  return names.filter(name => env[name] !== undefined);
}

function keySourceMistakes(env: Environment): string[] {
  const [first, second, ...more] = keySources(env);
  // The pair of a setting and its file is a mistake of any setting.
  if (second === undefined || (second === masterKeysFileName && more.length === 0)) return [];
  const names = [first, second, ...more].join(', ').replace(/, (?=[^,]*$)/, ' and ');
  return [`${names} are set, and the master keys come from one place; unset the others`];
}

function limitMistakes(config: Partial<Config>): string[] {
  const mistakes: string[] = [];
  const { cacheTtlMsMax = 0, leaseMs = cacheTtlMsMax } = config;
  if (cacheTtlMsMax > leaseMs) {
    mistakes.push(
      'USHER_CACHE_TTL_MS_MAX is above USHER_LEASE_MS, so that callers could accept a revoked ' +
        'token for longer than the lease; lower it or raise the lease',
    );
  }
  const { deadlineMs = 0, deadlineMsMax = deadlineMs } = config;
  if (deadlineMs > deadlineMsMax) {
    mistakes.push('USHER_DEADLINE_MS is above USHER_DEADLINE_MS_MAX; lower it or raise the other');
  }
  return mistakes;
}
