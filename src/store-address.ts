/** Reads USHER_STORE: which store, and where. */

import { Mistake } from './setting-values.ts';

/** Where the records are: a folder of the embedded store, or Redis by its address. */
export type StoreAddress =
  | { kind: 'lmdb'; folder: string; url: string }
  /** The whole address, with the password that it may hold. */
  | { kind: 'redis'; url: string };

const redisForm =
  /^rediss?(?:-(sentinel|cluster))?:\/\/(?:([^@/?#\s]*)@)?([^@/?#\s]+)(?:\/([^?#@\s]*))?(?:\?[^#\s]*)?$/;

/** Reads the address of a store. */
export function storeAddress(text: string): StoreAddress {
  if (text.startsWith('lmdb:')) {
    const folder = lmdbFolder(text.slice('lmdb:'.length));
    return { kind: 'lmdb', folder, url: `lmdb:${folder}` };
  }
  if (!/^rediss?(-sentinel|-cluster)?:/.test(text)) {
    throw new Mistake(
      'does not begin with lmdb:, redis://, rediss://, redis-cluster:// or redis-sentinel://',
    );
  }
  checkRedis(text);
  return { kind: 'redis', url: text };
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
  const [, topology, userInfo = '', hosts = '', path = ''] = redisForm.exec(text) ?? [];
  if (hosts === '') {
    throw new Mistake(
      'is not an address of Redis; write redis://user:password@host:6379/0, with the characters ' +
        'of the password that are special in addresses percent-encoded',
    );
  }
  if (/%(?![0-9a-fA-F]{2})/.test(userInfo)) {
    throw new Mistake('has a percent sign in the password that is no escape; write %25');
  }
  if (!hosts.split(',').every(isNode)) throw new Mistake('has an address that is not host:port');
  checkTopology(topology, hosts, path);
}

function checkTopology(topology: string | undefined, hosts: string, path: string): void {
  if (topology === undefined && hosts.includes(',')) {
    throw new Mistake('names one server only; use redis-cluster:// or redis-sentinel:// for more');
  }
  if (topology === undefined && !/^[0-9]{0,4}$/.test(path)) {
    throw new Mistake('has a path that is not the number of a database; write redis://host:6379/0');
  }
  if (topology === 'sentinel' && !/^[^/]+$/.test(path)) {
    throw new Mistake(
      'does not name the master; write redis-sentinel://host1:26379,host2:26379/mymaster',
    );
  }
  if (topology === 'cluster' && path !== '') {
    throw new Mistake('has a path; a cluster has no database number: leave the path out');
  }
}

function isNode(entry: string): boolean {
  const form = /^(?:[A-Za-z0-9._-]+|\[[0-9a-fA-F:.]+\])(?::([0-9]{1,5}))?$/;
  const parts = form.exec(entry);
  if (parts === null) return false;
  return parts[1] === undefined || (Number(parts[1]) >= 1 && Number(parts[1]) <= 65535);
}
