/** Reads the URL of a Redis store: a single server, one behind Sentinels, or a Cluster. */

/** A host and its port. */
export interface Address {
  host: string;
  port: number;
}

/** What a URL names. */
export interface RedisTarget {
  topology: 'single' | 'sentinel' | 'cluster';
  tls: boolean;
  /** The server, the Sentinels, or some nodes of the Cluster. */
  addresses: Address[];
  username?: string;
  password?: string;
  /** The name by which the Sentinels know the master. */
  masterName?: string;
  sentinelUsername?: string;
  sentinelPassword?: string;
  database: number;
}

const form =
  /^redis(s?)(?:-(sentinel|cluster))?:\/\/(?:([^@/?#]*)@)?([^@/?#]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/;

/** Reads a URL. Throws with words for the operator that don't repeat it: a password may be in it. */
export function parseRedisUrl(url: string): RedisTarget {
  const parts = form.exec(url);
  if (parts === null) throw new Error('the store URL is not a Redis URL');
  const [, tls, kind, userInfo, hosts = '', path = '', query = ''] = parts;
  const topology = kind === undefined ? 'single' : (kind as 'sentinel' | 'cluster');
  const settings = new URLSearchParams(query);
  const addresses = hosts
    .split(',')
    .map(text => readAddress(text, topology === 'sentinel' ? 26379 : 6379));
  if (topology === 'single' && addresses.length > 1) {
    throw new Error('a redis:// URL names one server; use redis-sentinel:// or redis-cluster://');
  }
  if (topology === 'sentinel' && path === '') {
    throw new Error('a redis-sentinel:// URL ends with /<master name>');
  }
  if (topology === 'cluster' && path !== '') {
    throw new Error('a redis-cluster:// URL has no path: a Cluster has one database');
  }
  const target: RedisTarget = {
    topology,
    tls: tls === 's',
    addresses,
    database: readDatabase(topology, path, settings),
  };
  if (topology === 'sentinel') target.masterName = decode(path);
  addCredentials(target, userInfo ?? '', settings);
  return target;
}

function readAddress(text: string, defaultPort: number): Address {
  const parts = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+))(?::(\d{1,5}))?$/.exec(text);
  const host = parts?.[1] ?? parts?.[2];
  const port = parts?.[3] === undefined ? defaultPort : Number(parts[3]);
  if (host === undefined || port < 1 || port > 65535) {
    throw new Error('the store URL has an address that is not host:port');
  }
  return { host, port };
}

function readDatabase(
  topology: RedisTarget['topology'],
  path: string,
  settings: URLSearchParams,
): number {
  const text = settings.get('db') ?? (topology === 'single' && path !== '' ? path : undefined);
  if (text === undefined) return 0;
  if (topology !== 'single') throw new Error('only a redis:// URL may name a database');
  if (!/^\d{1,4}$/.test(text)) throw new Error('the database in the store URL is not a number');
  return Number(text);
}

function addCredentials(target: RedisTarget, userInfo: string, settings: URLSearchParams): void {
  const colon = userInfo.indexOf(':');
  const username = decode(colon === -1 ? userInfo : userInfo.slice(0, colon));
  const password = colon === -1 ? '' : decode(userInfo.slice(colon + 1));
  if (username !== '') target.username = username;
  if (password !== '') target.password = password;
  const sentinelUsername = settings.get('sentinelUsername');
  const sentinelPassword = settings.get('sentinelPassword');
  if (sentinelUsername !== null) target.sentinelUsername = sentinelUsername;
  if (sentinelPassword !== null) target.sentinelPassword = sentinelPassword;
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new Error('the store URL has a percent sign that is not an escape: write %25');
  }
}
