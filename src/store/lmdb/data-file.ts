/**
 * Looks at the file of the embedded store before LMDB maps it into memory: LMDB trusts what it maps, so a
 * file that is cut short or is no LMDB file would end the process by a signal.
 */

import { spawnSync } from 'node:child_process';
import { closeSync, fstatSync, openSync, readSync, truncateSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { StoreUnusable } from '../store.ts';
import { faultText } from './faults.ts';

/** Where LMDB's fields are in each of the two meta pages, in bytes (MDB_meta in its mdb.c). */
const offsets = {
  ...{ magic: 24, version: 28, pageSize: 48 },
  ...{ depth: 102, entries: 128, root: 136 },
  ...{ lastPage: 144, transaction: 152, end: 160 },
};
/** Where the fields are in the head of a page (MDB_page_header). */
const pageOffsets = { number: 0, transaction: 8, flags: 18, lower: 20, end: 24 };
/** P_LEAF. */
const leafFlag = 2;
const magic = 0xbeefc0de;
const dataVersion = 2;

/** The whole file, as its newest meta page has it. */
interface Meta {
  pageBytes: number;
  lastPage: number;
  transaction: bigint;
  /** That of the page at the root of the main table; undefined without one. */
  rootTransaction: bigint | undefined;
}

/** The size of a file, and its meta pages in their order. */
interface DataFile {
  bytes: number;
  metas: [Meta, Meta];
}

/**
 * Throws StoreUnusable unless there is no file yet, or one that LMDB can map. Returns how many transactions
 * it had; 0 without a file.
 */
export function checkDataFile(folder: string): number {
  const path = join(folder, 'data.mdb');
  const file = readSettled(path);
  if (file === undefined) return 0;
  const { bytes, metas } = file;
  const newest = metas.reduce((a, b) => (b.transaction > a.transaction ? b : a));
  const whole = (newest.lastPage + 1) * newest.pageBytes;
  const leads = leadToNewest(metas);
  // The file may be shorter if the last pages are free. Only reading all records shows it.
  if (bytes < whole && !(leads && canReadAll(folder))) {
    throw damaged(path, `it is cut short: ${bytes} of ${whole} bytes are there`);
  }
  if (!leads) throw damaged(path, 'its meta pages do not lead to the newest state');
  return Number(newest.transaction);
}

/**
 * LMDB takes the meta page with the higher transaction for the newest, whatever it leads to. A flipped bit
 * there, or in the number of the root page, would bring back an older state. Each transaction writes a new
 * root page, with its own number, and the meta pages in turn. That of the one before is kept whole.
 */
function leadToNewest([even, odd]: [Meta, Meta]): boolean {
  const distance = odd.transaction - even.transaction;
  const isInTurn = even.transaction % 2n === 0n && (distance === 1n || distance === -1n);
  const isNew = even.transaction === 0n && odd.transaction === 0n;
  // A compacted copy begins with the odd meta page, with a transaction of its own and pages of transaction 1.
  const isOfCopy = odd.rootTransaction === 1n;
  const isCopy = even.transaction === 0n && isOfCopy;
  const hasRoots = [even, odd].every(
    each =>
      each.transaction === each.rootTransaction ||
      (each.transaction === 0n && each.rootTransaction === undefined) ||
      // The first change of a copy.
      (each === odd && isOfCopy && even.transaction > odd.transaction) ||
      isTakenBack(each, each === odd ? even : odd),
  );
  return isNew || isCopy || (isInTurn && hasRoots);
}

/**
 * When a meta page cannot be written, LMDB puts its former number and last page back, but not its root. A
 * flipped bit in the number of the newest state looks the same, but has a last page behind that of the other.
 */
function isTakenBack(meta: Meta, newest: Meta): boolean {
  return (
    meta.transaction + 1n === newest.transaction &&
    meta.rootTransaction === newest.transaction + 1n &&
    meta.lastPage < newest.lastPage
  );
}

/** The file as it is, not as it is in between while another process writes its meta pages. */
function readSettled(path: string): DataFile | undefined {
  let file = readMetas(path);
  while (file !== undefined && !leadToNewest(file.metas)) {
    const { metas } = file;
    const again = readMetas(path);
    if (again?.metas.every((each, n) => each.transaction === metas[n]?.transaction)) return again;
    file = again;
  }
  return file;
}

function readMetas(path: string): DataFile | undefined {
  let file: number;
  try {
    file = openSync(path, 'r');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw unreadable(path, error);
  }
  try {
    const { size } = fstatSync(file);
    if (size === 0) return undefined;
    const first = readMeta(path, file, 0);
    if (
      size < 2 * first.pageBytes &&
      first.transaction === 0n &&
      first.rootTransaction === undefined
    ) {
      // The first start was killed, or the disk full, while LMDB wrote the first pages, which it then refuses.
      truncateSync(path);
      return undefined;
    }
    const second = readMeta(path, file, first.pageBytes);
    // Last, because a process that writes has the file grow before its meta page says so.
    return { bytes: fstatSync(file).size, metas: [first, second] };
  } catch (error) {
    throw error instanceof StoreUnusable ? error : unreadable(path, error);
  } finally {
    closeSync(file);
  }
}

function unreadable(path: string, error: unknown): StoreUnusable {
  const text = `cannot read ${path} (${faultText(error)}); it must be a file that this user owns`;
  return new StoreUnusable(text, error);
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
    rootTransaction: rootTransaction(file, page, pageBytes),
  };
}

/** The transaction that wrote the main table's root page; undefined when it is not there, or another page. */
function rootTransaction(file: number, meta: Buffer, pageBytes: number): bigint | undefined {
  const page = meta.readBigUInt64LE(offsets.root);
  const at = page * BigInt(pageBytes);
  if (at > BigInt(Number.MAX_SAFE_INTEGER)) return undefined;
  const head = Buffer.alloc(pageOffsets.end);
  if (readSync(file, head, 0, head.length, Number(at)) < head.length) return undefined;
  const isLeaf = (head.readUInt16LE(pageOffsets.flags) & leafFlag) !== 0;
  if (isLeaf !== (meta.readUInt16LE(offsets.depth) === 1)) return undefined;
  const entries = BigInt(head.readUInt16LE(pageOffsets.lower) >> 1);
  if (isLeaf && entries !== meta.readBigUInt64LE(offsets.entries)) return undefined;
  if (head.readBigUInt64LE(pageOffsets.number) !== page) return undefined;
  return head.readBigUInt64LE(pageOffsets.transaction);
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
