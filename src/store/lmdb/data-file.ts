/**
 * Looks at the file of the embedded store before LMDB maps it into memory: LMDB trusts what it maps, so a
 * file that is cut short or is no LMDB file would end the process by a signal.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreUnusable } from '../store.ts';

/** Where LMDB's fields are in each of the two meta pages, in bytes (MDB_meta in its mdb.c). */
const offsets = { magic: 24, version: 28, pageSize: 48, lastPage: 144, transaction: 152, end: 160 };
const magic = 0xbeefc0de;
const dataVersion = 2;

/** The whole file, as its newest meta page has it. */
interface Meta {
  pageBytes: number;
  lastPage: number;
  transaction: bigint;
}

/** Throws StoreUnusable unless there is no file yet, or one that LMDB can map. */
export function checkDataFile(folder: string): void {
  const path = join(folder, 'data.mdb');
  const file = readMetas(path);
  if (file === undefined) return;
  const newest = file.metas.reduce((a, b) => (b.transaction > a.transaction ? b : a));
  const whole = (newest.lastPage + 1) * newest.pageBytes;
  // The file may be shorter if the last pages are free. Only reading all records shows it.
  if (file.bytes < whole && !canReadAll(folder)) {
    throw damaged(path, `it is cut short: ${file.bytes} of ${whole} bytes are there`);
  }
}

function readMetas(path: string): { bytes: number; metas: [Meta, Meta] } | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw new StoreUnusable(`cannot read ${path}; this user must own it`, error);
  }
  try {
    const bytes = fstatSync(file).size;
    if (bytes === 0) return undefined;
    const first = readMeta(path, file, 0);
    return { bytes, metas: [first, readMeta(path, file, first.pageBytes)] };
  } finally {
    closeSync(file);
  }
}

function readMeta(path: string, file: number, at: number): Meta {
  const page = Buffer.alloc(offsets.end);
  if (readSync(file, page, 0, page.length, at) < page.length) {
    throw damaged(path, 'it is cut short');
  }
  if (page.readUInt32LE(offsets.magic) !== magic) throw damaged(path, 'it is no LMDB file');
  const version = page.readUInt32LE(offsets.version) & 0xffff;
  if (version !== dataVersion) throw damaged(path, `it has version ${version} of LMDB's format`);
  const pageBytes = page.readUInt32LE(offsets.pageSize);
  const isPowerOfTwo = (pageBytes & (pageBytes - 1)) === 0;
  if (pageBytes < 256 || pageBytes > 65_536 || !isPowerOfTwo) {
    throw damaged(path, 'its page size is impossible');
  }
  return {
    pageBytes,
    lastPage: Number(page.readBigUInt64LE(offsets.lastPage)),
    transaction: page.readBigUInt64LE(offsets.transaction),
  };
}

/** Reads the whole store in a child process, because a missing page kills the reader (SIGBUS). */
function canReadAll(folder: string): boolean {
  const reader = fileURLToPath(new URL('./read-all.ts', import.meta.url));
  const { status } = spawnSync(process.execPath, [reader, folder], { stdio: 'ignore' });
  return status === 0;
}

function damaged(path: string, what: string): StoreUnusable {
  return new StoreUnusable(
    `${path} is damaged: ${what}; restore the data folder from a backup, or move it away to start ` +
      'with an empty store',
  );
}
