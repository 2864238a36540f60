/**
 * Collects what callers that do not read leave behind: V8 would let it grow by half of the heap and
 * 64 MB of buffers, and the C library keeps the most that was ever held.
 */

/** The memory of JavaScript. */
export interface Heap {
  /** Bytes of objects and buffers that are in use, or not collected yet. */
  bytes(): number;
  /** Collects garbage. */
  collect(): void;
}

/** After a collection, this many times the CPU time that it took pass without another. */
const restFactor = 5;

/** The garbage of a process whose unread answers may have `unreadBytesMax` bytes. */
export function createGarbage(heap: Heap, unreadBytesMax: number) {
  /** Most bytes that were unread since the last collection. */
  let mostUnread = 0;
  /** The least that the heap had beside unread answers since then, in bytes. */
  let least = Number.POSITIVE_INFINITY;
  let restsUntilMs = 0;

  return {
    /**
     * Collects what is there since many answers were unread, now or before. Returns the bytes of garbage
     * that are left while it rests: it takes room as unread answers do.
     */
    collect(unreadBytes: number): number {
      mostUnread = Math.max(mostUnread, unreadBytes);
      if (mostUnread < unreadBytesMax / 4) return 0;
      const others = heap.bytes() - unreadBytes;
      least = Math.min(least, others);
      const garbage = others - least;
      if (garbage < unreadBytesMax / 8 || performance.now() < restsUntilMs) return garbage;
      const before = process.cpuUsage();
      heap.collect();
      const { user, system } = process.cpuUsage(before);
      restsUntilMs = performance.now() + (restFactor * (user + system)) / 1000;
      mostUnread = unreadBytes;
      least = heap.bytes() - unreadBytes;
      return 0;
    },
  };
}
