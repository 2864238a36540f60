/** Reads USHER_STORE: which store, and where. */

import { Mistake } from './setting-values.ts';

/** Where the records are: a folder of the embedded store, or Redis by its address. */
export type StoreAddress =
  | { kind: 'lmdb'; folder: string }
  /** The whole address, with the password that it may hold. */
  | { kind: 'redis'; url: string };

const schemes = 'lmdb:, redis://, rediss://, redis-cluster:// or redis-sentinel://';

/** Reads the address of a store. */
export function storeAddress(text: string): StoreAddress {
  const scheme = /^([a-z-]+):/.exec(text)?.[1];
  switch (scheme) {
    case 'lmdb':
      return { kind: 'lmdb', folder: lmdbFolder(text.slice('lmdb:'.length)) };
    case 'redis':
    case 'rediss':
      checkRedis(text);
      return { kind: 'redis', url: text };
    case 'redis-cluster':
    case 'redis-sentinel':
      checkRedisNodes(scheme, text);
      return { kind: 'redis', url: text };
    default:
      throw new Mistake(`does not begin with ${schemes}`);
  }
}

function lmdbFolder(path: string): string {
  // lmdb:///var/lib/usher means the same as lmdb:/var/lib/usher.
  const folder = path.startsWith('///') ? path.slice(2) : path;
  if (folder === '' || folder.startsWith('//') || folder.includes('\0')) {
    throw new Mistake('names no folder; write lmdb:./data or lmdb:/var/lib/usher');
  }
  return folder;
}

function checkRedis(text: string): void {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url === undefined || url.hostname === '') {
    throw new Mistake(
      'is not an address of Redis; write redis://user:password@host:6379/0, with the characters ' +
        'of the password that are special in addresses percent-encoded',
    );
  }
  if (!/^\/?[0-9]{0,4}$/.test(url.pathname)) {
    throw new Mistake('has a path that is not the number of a database; write redis://host:6379/0');
  }
}

/** Several nodes in one address are nothing that `URL` reads. */
function checkRedisNodes(scheme: string, text: string): void {
  const rest = text.slice(`${scheme}:`.length);
  const [, nodes, path] =
    /^\/\/(?:[^@/\s]*@)?([^/?#@\s]*)(\/[^?#]*)?(?:\?[^#]*)?$/.exec(rest) ?? [];
  const entries = (nodes ?? '').split(',');
  if (!entries.every(isNode)) {
    throw new Mistake(
      `is not an address of several nodes; write ${scheme}://host1:port,host2:port`,
    );
  }
  if (scheme === 'redis-sentinel' && !/^\/[^/]+$/.test(path ?? '')) {
    throw new Mistake(
      'does not name the master; write redis-sentinel://host1:26379,host2:26379/mymaster',
    );
  }
  if (scheme === 'redis-cluster' && !/^\/?$/.test(path ?? '')) {
    throw new Mistake('has a path; a cluster has no database number: leave the path out');
  }
}

function isNode(entry: string): boolean {
  const [, port] = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::([0-9]{1,5}))?$/.exec(entry) ?? [
    'x',
    '-',
  ];
  return port === undefined || (Number(port) >= 1 && Number(port) <= 65535);
}
