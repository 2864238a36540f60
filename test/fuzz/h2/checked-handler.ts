/** Checks what a connection tells its handler: in order, once, and nothing after the end. */

import assert from 'node:assert/strict';
import type { H2Handler, H2Stream } from '../../../src/transport/h2/stream.ts';

/** What was seen of a connection. */
export interface Seen {
  open: Set<H2Stream>;
  /** How many requests there were. */
  requests: number;
  hasEnded: boolean;
}

/** The handler, with checks before each call. */
export function checked(handler: H2Handler, seen: Seen, streamsMax: number): H2Handler {
  let lastId = 0;
  let restBytes = 0;
  const isOpen = (stream: H2Stream) => assert(seen.open.has(stream), 'a stream that is not open');
  return {
    onRequest(stream, endsStream) {
      assert(stream.id % 2 === 1 && stream.id > lastId, 'a stream id that does not grow');
      lastId = stream.id;
      assert(!seen.hasEnded, 'a request after the end');
      seen.open.add(stream);
      seen.requests++;
      assert(seen.open.size <= streamsMax, 'more streams than are allowed');
      assert.equal(stream.remoteEnded, endsStream);
      handler.onRequest(stream, endsStream);
    },
    onData(stream, data, endsStream) {
      isOpen(stream);
      assert.equal(stream.remoteEnded, endsStream);
      handler.onData(stream, data, endsStream);
    },
    onTrailers(stream) {
      isOpen(stream);
      assert(stream.remoteEnded);
      handler.onTrailers(stream);
    },
    onWritable(stream) {
      isOpen(stream);
      handler.onWritable(stream);
    },
    onClose(stream, code) {
      isOpen(stream);
      seen.open.delete(stream);
      assert(stream.isClosed && stream.queuedBytes === 0);
      handler.onClose(stream, code);
    },
    onReadEnd: () => handler.onReadEnd(),
    onRest(bytes) {
      assert(!seen.hasEnded, 'a read waits after the end');
      restBytes = bytes;
      handler.onRest?.(bytes);
    },
    onSent: () => handler.onSent?.(),
    onEnd() {
      assert(!seen.hasEnded, 'the end, again');
      assert.equal(seen.open.size, 0, 'streams that are open after the end');
      assert.equal(restBytes, 0, 'a read that waits after the end');
      seen.hasEnded = true;
      handler.onEnd?.();
    },
  };
}
