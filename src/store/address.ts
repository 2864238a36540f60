/** Parses USHER_STORE, the address of the store. There is no other parser of it. */

import { isIPv6 } from 'node:net';
import type { SecureContext } from 'node:tls';
import { hint } from '../reading/nearest.ts';
import type { TlsFiles } from '../tls/files.ts';

/** Thrown for an invalid address. The message says what is wrong and never repeats the address. */
export class AddressError extends Error {
  override readonly name = 'AddressError';
}

/** The address of a store. */
export type StoreAddress = LmdbAddress | RedisAddress;

/** The embedded store. */
interface LmdbAddress {
  kind: 'lmdb';
  /** Its folder on this machine, absolute or relative to the working directory. */
  folder: string;
}

/** A Redis: a single server, a master found through Sentinels, or a Cluster. */
export interface RedisAddress {
  kind: 'redis';
  topology: 'single' | 'sentinel' | 'cluster';
  /** Whether connections use TLS, those to Sentinels included. */
  tls: boolean;
  /** Files for TLS, which settings of their own name. */
  tlsFiles?: TlsFiles;
  /** Gives what each new TLS connection uses; otherwise the authorities of the machine. */
  secureContext?: () => SecureContext;
  /** The server, the Sentinels, or some nodes of the Cluster. */
  nodes: RedisNode[];
  username?: string;
  password?: string;
  /** The master's name at the Sentinels; only for `sentinel`. */
  masterName?: string;
  sentinelUsername?: string;
  sentinelPassword?: string;
  /** Number of the database (SELECT); 0 for Sentinel and Cluster. */
  database: number;
}

/** A host and its port. */
interface RedisNode {
  /** A name, an IPv4 address, or an IPv6 address without brackets. */
  host: string;
  /** 1 to 65535. */
  port: number;
}

/** Parses the address of a store. Throws AddressError. */
export function storeAddress(text: string): StoreAddress {
  if (text.startsWith('lmdb:')) {
    return { kind: 'lmdb', folder: lmdbFolder(text.slice('lmdb:'.length)) };
  }
  if (/^rediss?(-sentinel|-cluster)?:/.test(text)) return redisAddress(text);
  throw new AddressError(
    'does not begin with lmdb:, redis://, rediss://, redis-cluster:// or redis-sentinel://',
  );
}

function lmdbFolder(path: string): string {
  // lmdb:///var/lib/usher means the same as lmdb:/var/lib/usher.
  const folder = path.startsWith('///') ? path.slice(2) : path;
  if (/[?#]/.test(folder)) throw new AddressError('has an option; lmdb: takes none, only a folder');
  if (folder === '' || folder.startsWith('//') || folder.includes('\0')) {
    throw new AddressError('names no folder; write lmdb:./data or lmdb:/var/lib/usher');
  }
  // A shell expands these only at the start of a word, so they would become names of folders.
  if (/^[~$]/.test(folder)) {
    throw new AddressError('begins with ~ or $, which Usher does not expand; write the whole path');
  }
  if (folder.trim() !== folder) throw new AddressError('begins or ends with a blank');
  return folder;
}

const redisForm =
  /^redis(s?)(?:-(sentinel|cluster))?:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)(?:\/([^?#@\s]*))?(?:\?([^#\s]*))?$/;

/** Parses the address of a Redis. Throws AddressError. */
export function redisAddress(text: string): RedisAddress {
  const parts = redisForm.exec(text);
  if (parts === null) {
    throw new AddressError(
      'is not an address of Redis; write redis://user:password@host:6379/0, with the characters ' +
        'of the password that are special in addresses percent-encoded',
    );
  }
  const [, tls, kind = 'single', userInfo = '', hosts = '', path = '', query = ''] = parts;
  const topology = kind as RedisAddress['topology'];
  const options = readOptions(topology, query);
  return {
    kind: 'redis',
    topology,
    tls: tls === 's',
    nodes: readNodes(topology, hosts),
    ...credentials(userInfo),
    ...(topology === 'sentinel' ? { masterName: readMasterName(path) } : {}),
    ...options.sentinel,
    database: readDatabase(topology, path, options.database),
  };
}

function readNodes(topology: RedisAddress['topology'], hosts: string): RedisNode[] {
  const defaultPort = topology === 'sentinel' ? 26379 : 6379;
  const nodes = hosts.split(',').map(entry => readNode(entry, defaultPort));
  if (topology === 'single' && nodes.length > 1) {
    throw new AddressError(
      'names one server only; use redis-cluster:// or redis-sentinel:// for more',
    );
  }
  return nodes;
}

function readNode(entry: string, defaultPort: number): RedisNode {
  const form = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+))(?::([0-9]{1,5}))?$/;
  const [, ipv6, name, digits] = form.exec(entry) ?? [];
  const host = ipv6 ?? name;
  const port = digits === undefined ? defaultPort : Number(digits);
  const isWrong = host === undefined || (ipv6 !== undefined && !isIPv6(ipv6));
  if (isWrong || port < 1 || port > 65535) {
    throw new AddressError('has an address that is not host:port');
  }
  return { host, port };
}

function credentials(userInfo: string): Pick<RedisAddress, 'username' | 'password'> {
  const colon = userInfo.indexOf(':');
  const username = decode(colon === -1 ? userInfo : userInfo.slice(0, colon));
  const password = colon === -1 ? '' : decode(userInfo.slice(colon + 1));
  // Without a password no client logs in, so the user would not be the one that was asked for.
  if (username !== '' && password === '') throw new AddressError(userAlone);
  return {
    ...(username === '' ? {} : { username }),
    ...(password === '' ? {} : { password }),
  };
}

const userAlone =
  'names a user of Redis without a password; write redis://user:password@host, with any password ' +
  'for a user that needs none, or redis://:password@host for a password alone';

function readMasterName(path: string): string {
  if (/^[^/]+$/.test(path)) return decode(path);
  throw new AddressError(
    'does not name the master; write redis-sentinel://host1:26379,host2:26379/mymaster',
  );
}

function readDatabase(
  topology: RedisAddress['topology'],
  path: string,
  option: string | undefined,
): number {
  if (topology === 'cluster' && path !== '') {
    throw new AddressError('has a path; a cluster has no database number: leave the path out');
  }
  if (topology !== 'single') return 0;
  if (option !== undefined && path !== '') {
    throw new AddressError('names the database twice; leave ?db= or the path out');
  }
  const text = option ?? path;
  if (/^[0-9]{0,4}$/.test(text)) return Number(text);
  throw new AddressError(
    'has a path that is not the number of a database; write redis://host:6379/0',
  );
}

const userFirst = 'write user and password before the host, redis://user:password@host';
const tlsByScheme = 'write rediss:// for TLS';

/** The query options of each topology. */
const optionNames: Record<RedisAddress['topology'], readonly string[]> = {
  single: ['db'],
  sentinel: ['sentinelUsername', 'sentinelPassword'],
  cluster: [],
};

function readOptions(topology: RedisAddress['topology'], query: string) {
  const given = new Map<string, string>();
  for (const pair of query === '' ? [] : query.split('&')) {
    const equals = pair.indexOf('=');
    const name = equals === -1 ? pair : pair.slice(0, equals);
    const known = optionNames[topology];
    if (!known.includes(name)) {
      throw new AddressError(unknownOption(name, topology));
    }
    if (given.has(name)) throw new AddressError(`has the option ${name} twice; leave one out`);
    const value = decode(equals === -1 ? '' : pair.slice(equals + 1));
    if (value === '')
      throw new AddressError(`has the option ${name} without a value; leave it out`);
    given.set(name, value);
  }
  if (given.has('sentinelUsername') && !given.has('sentinelPassword')) {
    throw new AddressError('has sentinelUsername without sentinelPassword; write both, or neither');
  }
  const sentinelUsername = given.get('sentinelUsername');
  const sentinelPassword = given.get('sentinelPassword');
  return {
    database: given.get('db'),
    sentinel: {
      ...(sentinelUsername === undefined ? {} : { sentinelUsername }),
      ...(sentinelPassword === undefined ? {} : { sentinelPassword }),
    },
  };
}

/** Options of other clients, and how to ask for the same here. Only these are named: any other text may be a part of a password. */
const otherOptions: Record<string, string> = {
  database: 'write the number as the path, redis://host:6379/0',
  user: userFirst,
  username: userFirst,
  password: userFirst,
  auth: userFirst,
  tls: tlsByScheme,
  ssl: tlsByScheme,
  rejectUnauthorized: 'certificates are always checked; name your CA in USHER_STORE_CA_FILE',
  ssl_cert_reqs: 'certificates are always checked; name your CA in USHER_STORE_CA_FILE',
  ca: 'name your CA in USHER_STORE_CA_FILE',
  cert: 'name the certificate in USHER_STORE_CERT_FILE',
  key: 'name the key in USHER_STORE_KEY_FILE',
  timeout: 'see `usher settings` for times',
  connectTimeout: 'see `usher settings` for times',
};

function unknownOption(name: string, topology: RedisAddress['topology']): string {
  const known = optionNames[topology];
  const choice = known.length === 0 ? 'it takes none' : `it takes ${known.join(' and ')}`;
  const isKnown = Object.hasOwn(otherOptions, name);
  const option = isKnown ? `the option ${name}, which` : 'an option that';
  const advice = isKnown ? `; ${otherOptions[name]}` : hint(name, known);
  return `has ${option} ${schemes[topology]} does not take; ${choice}${advice}`;
}

/** The URL scheme of each topology, as messages name it. */
const schemes: Record<RedisAddress['topology'], string> = {
  single: 'redis://',
  sentinel: 'redis-sentinel://',
  cluster: 'redis-cluster://',
};

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new AddressError('has a percent sign that is no escape; write %25');
  }
}
