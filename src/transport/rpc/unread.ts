/**
 * Limits the answers that callers do not read, per connection and in the whole process: they stay in
 * memory until they are read. Beyond a limit, connections are closed, the largest first.
 */

import { type AwakeTimer, awakeTimeout } from '../../timing/awake.ts';
import { createAccounts, type UnreadAccount } from './unread-accounts.ts';
import { createGarbage, type Heap } from './unread-garbage.ts';

/** The limits, in bytes. */
export interface UnreadLimits {
  /** Most unread bytes of one connection. */
  connectionBytesMax: number;
  /** Most unread bytes of all connections of the process. */
  processBytesMax: number;
}

/** Why answers were given up: a limit in bytes, or the deadline of the call. */
export type UnreadReason = 'connection' | 'process' | 'deadline';

/** A connection with unread answers. */
export interface Reader {
  /** How many bytes they hold. */
  bytes: number;
  /** How many its calls hold that wait until its answers are read; 0 where none can wait. */
  waitingBytes: number;
  /** Ends the connection, and with it what it holds. */
  close(): void;
}

/** The unread answers of a process. */
export interface Unread {
  /**
   * Adds the connections of a listener. `onClose` is called for each that is closed. Returns the
   * function that removes them.
   */
  watch(readers: () => Iterable<Reader>, onClose: (reason: UnreadReason) => void): () => void;
  /** A new connection, whose answers are counted as they are written. */
  account(): UnreadAccount;
  /** Bytes of answers that the accounts of the process count as unread. */
  readonly bytes: number;
}

/** Interval between checks, in milliseconds. */
const sweepMs = 50;

/** A heap that is left to V8. */
const leftToV8: Heap = { bytes: () => 0, collect: () => undefined };

/** Starts checking with the first listener, and stops after the last. */
export function createUnread(
  { connectionBytesMax, processBytesMax }: UnreadLimits,
  heap = leftToV8,
): Unread {
  const accounts = createAccounts(connectionBytesMax / 2, processBytesMax);
  const garbage = createGarbage(heap, processBytesMax);
  const listeners = new Map<() => Iterable<Reader>, (reason: UnreadReason) => void>();
  let timer: AwakeTimer | undefined;

  const sweep = () => {
    // What the last sweep closed is out of reach only now.
    accounts.setGarbage(garbage.collect(accounts.bytes()));
    let sum = 0;
    const held: [reader: Reader, onClose: (reason: UnreadReason) => void][] = [];
    for (const [readers, onClose] of listeners) {
      for (const reader of readers()) {
        if (reader.bytes > connectionBytesMax) {
          reader.close();
          onClose('connection');
        } else {
          sum += weightOf(reader);
          held.push([reader, onClose]);
        }
      }
    }
    // Calls that wait for others' answers to be read need room, not the last free byte.
    const most = accounts.isFull() ? processBytesMax / 2 : processBytesMax;
    if (sum > most) held.sort(([a], [b]) => weightOf(b) - weightOf(a));
    for (const [reader, onClose] of held) {
      if (sum <= most) break;
      sum -= weightOf(reader);
      reader.close();
      onClose('process');
    }
    timer = awakeTimeout(sweep, sweepMs);
  };

  return {
    account: accounts.open,
    get bytes() {
      return accounts.bytes();
    },
    watch(readers, onClose) {
      listeners.set(readers, onClose);
      timer ??= awakeTimeout(sweep, sweepMs);
      return () => {
        listeners.delete(readers);
        if (listeners.size > 0) return;
        timer?.clear();
        timer = undefined;
      };
    },
  };
}

function weightOf({ bytes, waitingBytes }: Reader): number {
  return bytes + waitingBytes;
}
