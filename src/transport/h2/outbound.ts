/** Sends frames within the windows of the peer (RFC 9113 sections 5.2 and 6.9). */

import {
  ConnectionError,
  errorCodes,
  flags,
  frameBytesDefault,
  frameHeadBytes,
  frameTypes,
  writeHead,
  writeUint32,
} from './frame.ts';
import { emptyTable } from './hpack/encoder.ts';
import type { Output } from './output.ts';
import type { PreparedAnswer } from './prepared-answer.ts';
import type { H2Stream } from './stream.ts';
import { windowBytesDefault, windowBytesMax } from './window.ts';

/** What the connection does when a stream's sending side changes. */
export interface OnSent {
  /** END_STREAM was sent. */
  localEnded(stream: H2Stream): void;
  /** What had to wait was sent. */
  writable(stream: H2Stream): void;
}

const nothing = Buffer.alloc(0);

/** The sending side of one connection. */
export class Outbound {
  readonly #output: Output;
  readonly #on: OnSent;
  /** The window of the connection, in bytes. */
  #window = windowBytesDefault;
  /** Streams with content that waits for the connection's window or for the socket. */
  readonly #waiting = new Set<H2Stream>();
  /** Whether the next block has to say that no dynamic table is used (RFC 7541 section 4.2). */
  #announcesTable = false;
  /** How many frames of content were sent that were as long as this server would have them. */
  contentFrames = 0;
  /** Bytes of content that wait, of all streams. */
  queuedBytes = 0;
  /** How many streams have content that waits. */
  queuedStreams = 0;

  constructor(output: Output, on: OnSent) {
    this.#output = output;
    this.#on = on;
  }

  /** The peer's decoder shall have a smaller table: it gets the smallest, which is all that is used. */
  dropTable() {
    this.#announcesTable = true;
  }

  /** Sends a frame with this payload; it is no longer than what every peer takes. */
  frame(type: number, flag: number, streamId: number, payload: Buffer) {
    const at = this.#output.reserve(frameHeadBytes + payload.length);
    writeHead(this.#output.bytes, at, payload.length, type, flag, streamId);
    this.#output.bytes.set(payload, at + frameHeadBytes);
  }

  /** Sends a whole frame. */
  raw(frame: Buffer) {
    const at = this.#output.reserve(frame.length);
    this.#output.bytes.set(frame, at);
  }

  /** Sends a frame whose payload are 32 bits: WINDOW_UPDATE or RST_STREAM. */
  frame32(type: number, streamId: number, value: number) {
    const at = this.#output.reserve(frameHeadBytes + 4);
    writeHead(this.#output.bytes, at, 4, type, 0, streamId);
    writeUint32(this.#output.bytes, at + frameHeadBytes, value);
  }

  /** Sends a whole response; in the usual case its prepared frames. */
  answer(stream: H2Stream, answer: PreparedAnswer) {
    if (stream.hasResponded) return;
    const { frames, data } = answer;
    const fits = data.length <= this.#window && data.length <= stream.sendWindow;
    if (frames === undefined || !fits || this.#announcesTable || this.#output.isFull) {
      this.headers(stream, answer.headers, false);
      this.write(stream, data);
      this.end(stream, answer.trailers);
      return;
    }
    const at = this.#output.reserve(frames.length);
    const { bytes } = this.#output;
    bytes.set(frames, at);
    writeUint32(bytes, at + 5, stream.id);
    writeUint32(bytes, at + answer.dataAt + 5, stream.id);
    // Without trailers, that of the HEADERS again.
    writeUint32(bytes, at + answer.trailersAt + 5, stream.id);
    this.#window -= data.length;
    stream.sendWindow -= data.length;
    this.contentFrames++;
    stream.hasResponded = true;
    this.#localEnd(stream);
  }

  /** Sends the HEADERS of a response. */
  headers(stream: H2Stream, block: Buffer, endsStream: boolean) {
    if (stream.hasResponded) return;
    stream.hasResponded = true;
    this.#block(stream, block, endsStream);
  }

  /** Sends the HEADERS of an interim response, before those of the response (RFC 9113 section 8.1). */
  interim(stream: H2Stream, block: Buffer) {
    if (!stream.hasResponded) this.#block(stream, block, false);
  }

  /** Sends content, or lets it wait. Returns whether nothing waits. */
  write(stream: H2Stream, data: Buffer): boolean {
    if (!stream.hasResponded || stream.isEnding || stream.localEnded) return true;
    if (data.length > 0) {
      stream.queue ??= [];
      stream.queue.push(data);
      if (stream.queuedBytes === 0) this.queuedStreams++;
      stream.queuedBytes += data.length;
      this.queuedBytes += data.length;
      this.#pump(stream);
    }
    stream.isAwaited = stream.queuedBytes > 0;
    return !stream.isAwaited;
  }

  /** Ends the response after what waits. */
  end(stream: H2Stream, trailers: Buffer | undefined) {
    if (!stream.hasResponded || stream.isEnding || stream.localEnded) return;
    stream.isEnding = true;
    stream.trailers = trailers;
    if (stream.queuedBytes === 0) this.#finish(stream);
  }

  /** Forgets what waits on a stream that is closed. */
  forget(stream: H2Stream) {
    if (stream.queuedBytes > 0) this.queuedStreams--;
    this.queuedBytes -= stream.queuedBytes;
    stream.queuedBytes = 0;
    stream.queue = undefined;
    stream.trailers = undefined;
    this.#waiting.delete(stream);
  }

  /** The peer takes more on the connection. Throws ConnectionError beyond the largest window. */
  open(increment: number) {
    this.#window += increment;
    if (this.#window > windowBytesMax) {
      const text = 'the window of the connection is too large';
      throw new ConnectionError(errorCodes.flowControlError, 'flow-control', text);
    }
    this.pumpAll();
  }

  /** The peer takes more, or less, on a stream; false beyond the largest window. */
  openStream(stream: H2Stream, increment: number): boolean {
    stream.sendWindow += increment;
    if (stream.sendWindow > windowBytesMax) return false;
    if (stream.queuedBytes > 0) this.#pump(stream);
    return true;
  }

  /** Sends what waited for the connection, one frame of each stream in turn. */
  pumpAll() {
    for (const stream of this.#waiting) {
      if (this.#window <= 0 || this.#output.isFull) return;
      this.#waiting.delete(stream);
      // Added behind the others if it still waits: a Set is read in the order of insertion.
      if (this.#sendSome(stream)) this.#waiting.add(stream);
    }
  }

  #pump(stream: H2Stream) {
    // The streams that wait for the connection go first.
    while (this.#waiting.size === 0 && this.#window > 0 && !this.#output.isFull) {
      if (!this.#sendSome(stream)) return;
    }
    if (stream.sendWindow > 0) this.#waiting.add(stream);
  }

  /** Sends one frame of DATA; false if nothing is left, or only the stream's own window can help. */
  #sendSome(stream: H2Stream): boolean {
    const [first = nothing] = stream.queue ?? [];
    const length = Math.min(first.length, frameBytesDefault, this.#window, stream.sendWindow);
    if (length <= 0) return false;
    stream.queuedBytes -= length;
    if (stream.queuedBytes === 0) this.queuedStreams--;
    this.queuedBytes -= length;
    stream.sendWindow -= length;
    this.#window -= length;
    if (length === first.length) stream.queue?.shift();
    else stream.queue?.splice(0, 1, first.subarray(length));
    // What is cut by the peer's own windows explains nothing: it could open them byte by byte.
    if (length === first.length || length === frameBytesDefault) this.contentFrames++;
    const isLast = stream.queuedBytes === 0 && stream.isEnding && stream.trailers === undefined;
    const flag = isLast ? flags.endStream : 0;
    this.frame(frameTypes.data, flag, stream.id, first.subarray(0, length));
    if (stream.queuedBytes > 0) return stream.sendWindow > 0;
    if (isLast) this.#localEnd(stream);
    else if (stream.isEnding) this.#finish(stream);
    else if (stream.isAwaited) {
      stream.isAwaited = false;
      this.#on.writable(stream);
    }
    return false;
  }

  #finish(stream: H2Stream) {
    if (stream.trailers !== undefined) return this.#block(stream, stream.trailers, true);
    this.frame(frameTypes.data, flags.endStream, stream.id, nothing);
    this.#localEnd(stream);
  }

  #localEnd(stream: H2Stream) {
    stream.localEnded = true;
    this.#on.localEnded(stream);
  }

  /** Sends a block as HEADERS and, if it is long, CONTINUATION frames (RFC 9113 section 4.3). */
  #block(stream: H2Stream, fields: Buffer, endsStream: boolean) {
    const block = this.#announcesTable ? Buffer.concat([emptyTable, fields]) : fields;
    this.#announcesTable = false;
    let type: number = frameTypes.headers;
    let flag: number = endsStream ? flags.endStream : 0;
    let at = 0;
    for (; block.length - at > frameBytesDefault; at += frameBytesDefault) {
      this.frame(type, flag, stream.id, block.subarray(at, at + frameBytesDefault));
      type = frameTypes.continuation;
      flag = 0;
    }
    this.frame(type, flag | flags.endHeaders, stream.id, block.subarray(at));
    if (endsStream) this.#localEnd(stream);
  }
}
