/** Every setting: one table, from which the configuration is read and the documentation is made. */

import { AddressError, type StoreAddress, storeAddress } from '../store/address.ts';
import {
  addressRanges,
  adminToken,
  baseUrl,
  filePath,
  listen,
  Mistake,
  masterKeys,
  oneOf,
  origins,
  wholeNumber,
} from './values.ts';

/** A setting. */
export interface Setting<T> {
  /** The environment variable. */
  name: string;
  /** What it is for, in a sentence without a full stop. */
  meaning: string;
  /** Which values it takes. */
  range: string;
  /** The text that stands for a variable that is not set; absent when there is no such value. */
  default?: string;
  /** What happens without a value, where there is no default. */
  without?: string;
  /** Its value is never shown, and can come from a file that `<NAME>_FILE` names. */
  secret?: true;
  /** Reads the value; throws Mistake. */
  read: (text: string) => T;
}

/** Reads the address of the store; says what is wrong with it as the other settings do. */
function readStoreAddress(text: string): StoreAddress {
  try {
    return storeAddress(text);
  } catch (error) {
    throw error instanceof AddressError ? new Mistake(error.message) : error;
  }
}

const logLevels = ['fatal', 'error', 'warn', 'info', 'debug', 'trace', 'silent'] as const;

/** What Usher is and where it listens. */
const places = {
  store: {
    name: 'USHER_STORE',
    meaning: 'Where the records are kept',
    range:
      '`lmdb:<folder>`, `redis://…`, `redis-cluster://h1:p1,h2:p2`, ' +
      '`redis-sentinel://h1:p1,h2:p2/<master name>`; `rediss…` for TLS',
    default: 'lmdb:./data',
    secret: true,
    read: readStoreAddress,
  },
  grpcListen: {
    name: 'USHER_GRPC_LISTEN',
    meaning: 'Address of the gRPC listener',
    range: '`host:port`, `[::1]:port`, port 0 for any free one, or `off`',
    default: '127.0.0.1:50051',
    read: listen,
  },
  httpListen: {
    name: 'USHER_HTTP_LISTEN',
    meaning: 'Address of the HTTP listener',
    range: 'as above',
    default: '127.0.0.1:8080',
    read: listen,
  },
  managerListen: {
    name: 'USHER_MANAGER_LISTEN',
    meaning: 'Address of the API Manager',
    range: 'as above',
    default: '127.0.0.1:8081',
    read: listen,
  },
  masterKeys: {
    name: 'USHER_MASTER_KEYS',
    meaning: 'Keys that seal what is kept at rest; the first one writes, all of them read',
    range: '`id:base64,…`, each of exactly 32 bytes',
    without: 'with `lmdb:` made at the first start; with Redis required',
    secret: true,
    read: masterKeys,
  },
  adminToken: {
    name: 'USHER_ADMIN_TOKEN',
    meaning: 'Token that holds the scope `usher.admin`',
    range: '32 to 512 printable characters without spaces',
    without: 'with `lmdb:` made at the first start; with Redis required',
    secret: true,
    read: adminToken,
  },
  workers: {
    name: 'USHER_WORKERS',
    meaning: 'Worker processes that share the listeners',
    range: '1 to 64',
    default: '1',
    read: wholeNumber(1, 64),
  },
  stateFile: {
    name: 'USHER_STATE_FILE',
    meaning:
      'File that remembers, over restarts, how far the audit log was read: with it, a store that was ' +
      'rolled back while no replica was running is noticed at the start',
    range: 'path that begins with `/`, `./` or `../`, in a folder that Usher may write to',
    without: 'none',
    read: filePath,
  },
  corsOrigins: {
    name: 'USHER_CORS_ORIGINS',
    meaning: 'Origins whose pages may call the HTTP listener from a browser',
    range: '`*`, or origins such as `https://app.example.com`, separated by commas; empty for none',
    default: '*',
    read: origins,
  },
  trustedProxies: {
    name: 'USHER_TRUSTED_PROXIES',
    meaning: 'Proxies whose forwarded headers are believed',
    range: 'addresses and CIDR ranges, separated by commas; empty for none',
    default: '',
    read: addressRanges,
  },
  logLevel: {
    name: 'USHER_LOG_LEVEL',
    meaning: 'The least severe log lines that are written',
    range: logLevels.map(level => `\`${level}\``).join(', '),
    default: 'info',
    read: oneOf(logLevels),
  },
  managerUrl: {
    name: 'USHER_MANAGER_URL',
    meaning: 'For the command line: where the API Manager answers',
    range: '`http://` or `https://` address',
    default: 'http://127.0.0.1:8081',
    read: baseUrl,
  },
} as const satisfies Record<string, Setting<unknown>>;

/** A setting that is a whole number; its unit is the last word of the name, or the one given. */
function limit(
  name: string,
  meaning: string,
  bounds: { min: number; max: number; default: number; unit: string },
): Setting<number> {
  return {
    name,
    meaning,
    range: `${bounds.min} to ${bounds.max} ${bounds.unit}`.trim(),
    default: String(bounds.default),
    read: wholeNumber(bounds.min, bounds.max),
  };
}

/** Every limit. */
const limits = {
  leaseMs: limit(
    'USHER_LEASE_MS',
    'How long a verdict may rest on memory without hearing from the store: the bound of a revocation',
    { min: 100, max: 60_000, default: 2000, unit: 'ms' },
  ),
  staleMaxMs: limit(
    'USHER_STALE_MAX_MS',
    'How long records read before may answer, marked stale, while the store cannot be reached at ' +
      'all; above 0 a revocation made meanwhile elsewhere is not seen here for so long',
    { min: 0, max: 3_600_000, default: 0, unit: 'ms' },
  ),
  cacheTtlMsMax: limit(
    'USHER_CACHE_TTL_MS_MAX',
    'How long a caller may reuse a verdict; not above the lease',
    { min: 0, max: 60_000, default: 2000, unit: 'ms' },
  ),
  cacheEntriesMax: limit('USHER_CACHE_ENTRIES_MAX', 'Most records kept in memory, per worker', {
    min: 1,
    max: 10_000_000,
    default: 100_000,
    unit: 'records',
  }),
  storeTimeoutMs: limit(
    'USHER_STORE_TIMEOUT_MS',
    'How long a question to Redis may take before the verdict counts as unknown',
    { min: 10, max: 60_000, default: 250, unit: 'ms' },
  ),
  storeAckReplicas: limit(
    'USHER_STORE_ACK_REPLICAS',
    'Replicas of Redis that must have a change before it is acknowledged',
    { min: 0, max: 10, default: 0, unit: 'replicas' },
  ),
  headerBytesMax: limit('USHER_HEADER_BYTES_MAX', 'Longest Authorization header value', {
    min: 256,
    max: 65_536,
    default: 8192,
    unit: 'bytes',
  }),
  claimsDepthMax: limit('USHER_CLAIMS_DEPTH_MAX', "Deepest nesting of a JWT's claims", {
    min: 1,
    max: 64,
    default: 32,
    unit: 'levels',
  }),
  iatSkewSecondsMax: limit(
    'USHER_IAT_SKEW_SECONDS_MAX',
    "How far a JWT's `iat` may lie in the future",
    { min: 0, max: 3600, default: 60, unit: 's' },
  ),
  revokedJwtsMax: limit(
    'USHER_REVOKED_JWTS_MAX',
    'Most JWTs and subjects that one access token keeps as revoked by name',
    { min: 1, max: 100_000, default: 10_000, unit: 'entries' },
  ),
  messageBytesMax: limit('USHER_MESSAGE_BYTES_MAX', 'Longest request message', {
    min: 65_536,
    max: 67_108_864,
    default: 4_194_304,
    unit: 'bytes',
  }),
  batchMax: limit('USHER_BATCH_MAX', 'Most headers in one BatchVerify or one stream message', {
    min: 1,
    max: 4096,
    default: 256,
    unit: 'headers',
  }),
  deadlineMs: limit('USHER_DEADLINE_MS', 'How long a call may take that brings no deadline', {
    min: 100,
    max: 3_600_000,
    default: 10_000,
    unit: 'ms',
  }),
  deadlineMsMax: limit(
    'USHER_DEADLINE_MS_MAX',
    'Longest time a call may take; a longer deadline of the caller is cut to it',
    { min: 100, max: 3_600_000, default: 30_000, unit: 'ms' },
  ),
  connectionsMax: limit('USHER_CONNECTIONS_MAX', 'Most open connections, per listener and worker', {
    min: 1,
    max: 1_000_000,
    default: 10_000,
    unit: 'connections',
  }),
  streamsMax: limit('USHER_STREAMS_MAX', 'Most calls at a time on one HTTP/2 connection', {
    min: 1,
    max: 65_535,
    default: 1000,
    unit: 'calls',
  }),
  watchersMax: limit(
    'USHER_WATCHERS_MAX',
    'Most callers that watch for invalidations, per worker',
    {
      min: 1,
      max: 1_000_000,
      default: 10_000,
      unit: 'watchers',
    },
  ),
  firstByteMs: limit(
    'USHER_FIRST_BYTE_MS',
    'How long a new connection may stay silent, and its first headers may take',
    { min: 100, max: 600_000, default: 5000, unit: 'ms' },
  ),
  graceMs: limit('USHER_GRACE_MS', 'How long calls in flight may go on after the signal to stop', {
    min: 0,
    max: 600_000,
    default: 10_000,
    unit: 'ms',
  }),
} as const satisfies Record<string, Setting<number>>;

/** Every setting, by its name in the configuration. */
export const settings = { ...places, ...limits };

/** The settings table of the documentation, as Markdown. */
export function settingsTable(): string {
  const rows = Object.values<Setting<unknown>>(settings).map(setting => {
    const name = setting.secret ? `\`${setting.name}\` (or \`_FILE\`)` : `\`${setting.name}\``;
    const fallback = setting.default === undefined ? setting.without : code(setting.default);
    return `| ${name} | ${setting.meaning} | ${setting.range} | ${fallback} |`;
  });
  return ['| variable | what | values | default |', '|---|---|---|---|', ...rows].join('\n');
}

function code(text: string): string {
  return text === '' ? 'none' : `\`${text}\``;
}
