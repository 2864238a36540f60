/** What each received frame does (RFC 9113 sections 5.1, 5.4 and 6). */

import type { Budgets } from './budgets.ts';
import {
  ConnectionError,
  errorCodes,
  flags,
  frameSizeError,
  frameTypes,
  type H2Fault,
  protocolError,
  readUint32,
  streamIdMax,
} from './frame.ts';
import { blockTooLong, HeaderBlock } from './header-block.ts';
import { HpackDecoder } from './hpack/decoder.ts';
import type { Field } from './hpack/field.ts';
import type { H2Limits } from './limits.ts';
import { areTrailers, type H2Request, requestOf } from './request-rules.ts';
import type { H2Stream } from './stream.ts';
import type { StreamTable } from './stream-table.ts';

/** What the frames of a peer lead to. */
export interface OnFrames {
  /** A well-formed request on a new stream. */
  request(id: number, request: H2Request, endsStream: boolean): void;
  /** Content of an open stream, the whole length of the payload counting for flow control. */
  data(stream: H2Stream, data: Buffer, payloadBytes: number, endsStream: boolean): void;
  /** Content of a stream that is over, and its whole length. */
  lostData(payloadBytes: number): void;
  trailers(stream: H2Stream): void;
  /** The peer reset a stream. */
  resetByPeer(stream: H2Stream, code: number): void;
  /** A stream breaks a rule: it is reset, open or not (section 5.4.2). */
  violation(id: number, code: number, fault: H2Fault): void;
  settings(bytes: Buffer, at: number, end: number): void;
  ping(isAnswer: boolean, payload: Buffer): void;
  /** The peer takes more on a stream, or on the connection, whose id is 0. */
  windowUpdate(stream: H2Stream | undefined, increment: number): void;
}

/** The receiving side of one connection. All methods throw ConnectionError. */
export class Inbound {
  readonly #limits: H2Limits;
  readonly #streams: StreamTable;
  readonly #budgets: Budgets;
  readonly #on: OnFrames;
  readonly #decoder: HpackDecoder;
  /** The block that is being received; no other frame may come between. */
  #block: HeaderBlock | undefined;
  #hasSettings = false;
  #lastRequest: H2Request | undefined;

  constructor(limits: H2Limits, streams: StreamTable, budgets: Budgets, on: OnFrames) {
    this.#limits = limits;
    this.#streams = streams;
    this.#budgets = budgets;
    this.#on = on;
    this.#decoder = new HpackDecoder(limits);
  }

  /** Takes a whole frame. */
  frame(type: number, flag: number, id: number, bytes: Buffer, at: number, end: number) {
    if (this.#block !== undefined && type !== frameTypes.continuation) {
      throw protocolError('a frame comes inside of a header block');
    }
    if (!this.#hasSettings && type !== frameTypes.settings) {
      throw protocolError('the first frame is not SETTINGS');
    }
    switch (type) {
      case frameTypes.data:
        return this.#data(flag, id, bytes, at, end);
      case frameTypes.headers:
        return this.#headers(flag, id, bytes, at, end);
      case frameTypes.priority:
        return this.#priority(id, bytes, at, end);
      case frameTypes.rstStream:
        return this.#rstStream(id, bytes, at, end);
      case frameTypes.settings:
        return this.#settings(flag, id, bytes, at, end);
      case frameTypes.pushPromise:
        throw protocolError('a client may not push');
      case frameTypes.ping:
        return this.#ping(flag, id, bytes, at, end);
      case frameTypes.goaway:
        // The peer opens no more streams, and closes the connection when it is done.
        if (id !== 0) throw protocolError('GOAWAY on a stream');
        if (end - at < 8) throw frameSizeError('GOAWAY of a wrong length');
        return this.#budgets.spend('emptyFrames');
      case frameTypes.windowUpdate:
        return this.#windowUpdate(id, bytes, at, end);
      case frameTypes.continuation:
        return this.#continuation(flag, id, bytes, at, end);
      default:
        // Unknown types are ignored (section 4.1).
        return this.#budgets.spend('emptyFrames');
    }
  }

  /** Section 6.1. */
  #data(flag: number, id: number, bytes: Buffer, at: number, end: number) {
    if (id === 0) throw protocolError('DATA on stream 0');
    const stream = this.#existing(id);
    const start = at + ((flag & flags.padded) === 0 ? 0 : 1);
    const stop = end - padding(flag, bytes, at, end);
    const endsStream = (flag & flags.endStream) !== 0;
    // Padding alone brings nothing either.
    if (stop === start && !endsStream) this.#budgets.spend('emptyFrames');
    if (stream === undefined) {
      this.#on.lostData(end - at);
      if (this.#streams.whyEnded(id) === 'by-us') return;
      return this.#on.violation(id, errorCodes.streamClosed, 'stream-closed');
    }
    if (stream.remoteEnded) {
      this.#on.lostData(end - at);
      return this.#on.violation(id, errorCodes.streamClosed, 'stream-closed');
    }
    stream.receivedBytes += stop - start;
    if (!hasAnnouncedLength(stream, endsStream)) {
      this.#on.lostData(end - at);
      return this.#on.violation(id, errorCodes.protocolError, 'malformed-request');
    }
    this.#on.data(stream, bytes.subarray(start, stop), end - at, endsStream);
  }

  /** Section 6.2. */
  #headers(flag: number, id: number, bytes: Buffer, at: number, end: number) {
    if (id === 0) throw protocolError('HEADERS on stream 0');
    const stop = end - padding(flag, bytes, at, end);
    let start = at + ((flag & flags.padded) === 0 ? 0 : 1);
    if ((flag & flags.priority) !== 0) {
      start += 5;
      if (start > stop) throw frameSizeError('HEADERS are too short for a priority');
      this.#dependency(id, bytes, start - 5);
    }
    const endsStream = (flag & flags.endStream) !== 0;
    if ((flag & flags.endHeaders) === 0) {
      this.#block = new HeaderBlock(id, endsStream, this.#limits);
      return this.#block.add(bytes, start, stop);
    }
    if (stop - start > this.#limits.headerBlockBytesMax) throw blockTooLong();
    this.#fields(id, endsStream, bytes, start, stop);
  }

  /** Section 6.10. */
  #continuation(flag: number, id: number, bytes: Buffer, at: number, end: number) {
    const block = this.#block;
    if (block === undefined || block.streamId !== id) {
      throw protocolError('CONTINUATION without HEADERS before it');
    }
    if (at === end) this.#budgets.spend('emptyFrames');
    block.add(bytes, at, end);
    if ((flag & flags.endHeaders) === 0) return;
    this.#block = undefined;
    const whole = block.join();
    this.#fields(id, block.endsStream, whole, 0, whole.length);
  }

  /** A whole block: it is decoded in any case, since the next one depends on it (section 4.3). */
  #fields(id: number, endsStream: boolean, bytes: Buffer, at: number, end: number) {
    const streams = this.#streams;
    const stream = streams.get(id);
    if (stream === undefined && id <= streams.lastId) this.#closedHeaders(id);
    if (id % 2 === 0) throw protocolError('a client opens a stream with an even id');
    const fields = this.#decoder.decode(bytes, at, end);
    if (stream !== undefined) return this.#trailers(stream, endsStream, fields);
    if (id <= streams.lastId) return;
    streams.lastId = id;
    if (fields === undefined) {
      return this.#on.violation(id, errorCodes.enhanceYourCalm, 'header-list');
    }
    if (fields !== this.#lastRequest?.fields) this.#lastRequest = requestOf(fields);
    const request = this.#lastRequest;
    if (request === undefined || (endsStream && request.contentLength > 0)) {
      return this.#on.violation(id, errorCodes.protocolError, 'malformed-request');
    }
    this.#on.request(id, request, endsStream);
  }

  /** HEADERS on a stream that is over: to be ignored only if they can have been on their way. */
  #closedHeaders(id: number) {
    const why = this.#streams.whyEnded(id);
    if (why === 'unknown') throw protocolError('a stream id is not larger than the last');
    if (why === 'by-us') return this.#budgets.spend('emptyFrames');
    const text = 'HEADERS on a closed stream';
    throw new ConnectionError(errorCodes.streamClosed, 'stream-closed', text);
  }

  /** Section 8.1. */
  #trailers(stream: H2Stream, endsStream: boolean, fields: readonly Field[] | undefined) {
    const { id } = stream;
    if (stream.remoteEnded) {
      return this.#on.violation(id, errorCodes.streamClosed, 'stream-closed');
    }
    if (fields === undefined) {
      return this.#on.violation(id, errorCodes.enhanceYourCalm, 'header-list');
    }
    if (!endsStream || !areTrailers(fields) || !hasAnnouncedLength(stream, true)) {
      return this.#on.violation(id, errorCodes.protocolError, 'malformed-request');
    }
    this.#on.trailers(stream);
  }

  /** Section 6.3: read, and of no further effect. */
  #priority(id: number, bytes: Buffer, at: number, end: number) {
    if (id === 0) throw protocolError('PRIORITY on stream 0');
    this.#budgets.spend('emptyFrames');
    if (end - at !== 5) {
      return this.#on.violation(id, errorCodes.frameSizeError, 'frame-size');
    }
    this.#dependency(id, bytes, at);
  }

  #dependency(id: number, bytes: Buffer, at: number) {
    if ((readUint32(bytes, at) & streamIdMax) !== id) return;
    // RFC 7540 section 5.3.1, as an error of the connection: it has no stream yet.
    throw protocolError('a stream depends on itself');
  }

  /** Section 6.4. */
  #rstStream(id: number, bytes: Buffer, at: number, end: number) {
    if (id === 0) throw protocolError('RST_STREAM on stream 0');
    if (end - at !== 4) throw frameSizeError('RST_STREAM of a wrong length');
    const stream = this.#existing(id);
    this.#budgets.spend('resets');
    if (stream !== undefined) this.#on.resetByPeer(stream, readUint32(bytes, at));
  }

  /** Section 6.5. */
  #settings(flag: number, id: number, bytes: Buffer, at: number, end: number) {
    if (id !== 0) throw protocolError('SETTINGS on a stream');
    this.#budgets.spend('settings');
    if ((flag & flags.ack) !== 0) {
      if (at !== end) throw frameSizeError('an acknowledgement of SETTINGS has a payload');
      if (!this.#hasSettings) throw protocolError('the first frame is not SETTINGS');
      return;
    }
    this.#hasSettings = true;
    this.#on.settings(bytes, at, end);
  }

  /** Section 6.7. */
  #ping(flag: number, id: number, bytes: Buffer, at: number, end: number) {
    if (id !== 0) throw protocolError('PING on a stream');
    if (end - at !== 8) throw frameSizeError('PING of a wrong length');
    this.#on.ping((flag & flags.ack) !== 0, bytes.subarray(at, end));
  }

  /** Section 6.9. */
  #windowUpdate(id: number, bytes: Buffer, at: number, end: number) {
    if (end - at !== 4) throw frameSizeError('WINDOW_UPDATE of a wrong length');
    const increment = readUint32(bytes, at) & streamIdMax;
    if (id === 0) {
      if (increment === 0) throw protocolError('WINDOW_UPDATE of 0');
      return this.#on.windowUpdate(undefined, increment);
    }
    const stream = this.#existing(id);
    // It can have been on its way when the stream ended, opens nothing, and counts like any other.
    if (stream === undefined) return this.#on.windowUpdate(undefined, 0);
    if (increment === 0) return this.#on.violation(id, errorCodes.protocolError, 'protocol');
    this.#on.windowUpdate(stream, increment);
  }

  /** The stream, if it is open. One that was not opened yet is idle, and takes none of these frames. */
  #existing(id: number): H2Stream | undefined {
    if (id > this.#streams.lastId || id % 2 === 0) throw protocolError('a frame on an idle stream');
    return this.#streams.get(id);
  }
}

/** The length of the padding with its length byte not counted (section 6.1). */
function padding(flag: number, bytes: Buffer, at: number, end: number): number {
  if ((flag & flags.padded) === 0) return 0;
  if (at === end) throw frameSizeError('a padded frame has no length of its padding');
  const length = bytes[at] as number;
  if (length >= end - at) throw protocolError('a frame has more padding than payload');
  return length;
}

/** Whether the content so far can be, or is, as long as content-length says (section 8.1.1). */
function hasAnnouncedLength({ request, receivedBytes }: H2Stream, isWhole: boolean): boolean {
  const { contentLength } = request;
  if (contentLength < 0) return true;
  return isWhole ? receivedBytes === contentLength : receivedBytes <= contentLength;
}
