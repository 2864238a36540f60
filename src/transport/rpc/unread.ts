/**
 * Limits the answers that callers do not read, per connection and in the whole process: they stay in
 * memory until they are read. Beyond a limit, connections are closed, the largest first.
 */

import { type AwakeTimer, awakeTimeout } from '../../timing/awake.ts';

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
}

/** Interval between checks, in milliseconds: as much as is written meanwhile comes on top. */
const sweepMs = 100;

/** Starts checking with the first listener, and stops after the last. */
export function createUnread({ connectionBytesMax, processBytesMax }: UnreadLimits): Unread {
  const listeners = new Map<() => Iterable<Reader>, (reason: UnreadReason) => void>();
  let timer: AwakeTimer | undefined;

  const sweep = () => {
    let sum = 0;
    const held: [reader: Reader, onClose: (reason: UnreadReason) => void][] = [];
    for (const [readers, onClose] of listeners) {
      for (const reader of readers()) {
        if (reader.bytes > connectionBytesMax) {
          reader.close();
          onClose('connection');
        } else {
          sum += reader.bytes;
          held.push([reader, onClose]);
        }
      }
    }
    if (sum > processBytesMax) held.sort(([a], [b]) => b.bytes - a.bytes);
    for (const [reader, onClose] of held) {
      if (sum <= processBytesMax) break;
      sum -= reader.bytes;
      reader.close();
      onClose('process');
    }
    timer = awakeTimeout(sweep, sweepMs);
  };

  return {
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
