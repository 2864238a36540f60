/** One stream: its state (RFC 9113 section 5.1) and what its handler may do with it. */

import type { PreparedAnswer } from './prepared-answer.ts';
import type { H2Request } from './request-rules.ts';
import type { ReceiveWindow } from './window.ts';

/**
 * What a stream takes up with its handler's call while its answer waits, besides that answer, in bytes.
 * Measured over 100,000 of them: 600 for an answer that was known at once, 1,050 for one that was not.
 */
export const streamBytes = 1024;

/** What a connection does for its streams. */
export interface StreamActs {
  /** The address of the peer; empty if the socket was closed at once. */
  readonly peer: string;
  /** The names of the peer's certificate; empty without one. */
  readonly clientNames: readonly string[];
  answer(stream: H2Stream, answer: PreparedAnswer): void;
  respond(stream: H2Stream, block: Buffer, endsStream: boolean): void;
  interim(stream: H2Stream, block: Buffer): void;
  write(stream: H2Stream, data: Buffer): boolean;
  end(stream: H2Stream, trailers: Buffer | undefined): void;
  reset(stream: H2Stream, code: number): void;
  consumed(stream: H2Stream, bytes: number): void;
  count(tasks: number): void;
  turn(): Promise<void> | undefined;
}

/**
 * A request and its response. Every method does nothing once the stream is closed, and nothing that
 * would break the order of HEADERS, DATA, trailers.
 */
export class H2Stream {
  readonly id: number;
  readonly request: H2Request;
  /** For the handler, which keeps there what belongs to the call. */
  context: unknown = undefined;
  readonly #acts: StreamActs;

  // What follows is the connection's. Handlers only read it.
  /** Both sides have ended, or one was reset. */
  isClosed = false;
  /** The peer has sent END_STREAM. */
  remoteEnded: boolean;
  /** The HEADERS of the response were sent. */
  hasResponded = false;
  /** END_STREAM was sent. */
  localEnded = false;
  /** END_STREAM follows what is queued. */
  isEnding = false;
  /** How many bytes of content have arrived, without padding. */
  receivedBytes = 0;
  /** How many bytes have arrived and were not consumed; padding counts as consumed. */
  unconsumedBytes = 0;
  readonly receiveWindow: ReceiveWindow;
  /** How many bytes the peer takes; negative after it made its window smaller. */
  sendWindow: number;
  /** DATA that waits for a window or for the socket, and its length in bytes. */
  queue: Buffer[] | undefined;
  queuedBytes = 0;
  /** Whether the handler waits for `onWritable`. */
  isAwaited = false;
  /** The block of the trailers that follow the queue. */
  trailers: Buffer | undefined;

  constructor(
    id: number,
    request: H2Request,
    remoteEnded: boolean,
    receiveWindow: ReceiveWindow,
    sendWindow: number,
    acts: StreamActs,
  ) {
    this.id = id;
    this.request = request;
    this.remoteEnded = remoteEnded;
    this.receiveWindow = receiveWindow;
    this.sendWindow = sendWindow;
    this.#acts = acts;
  }

  /** The IP address of the peer. */
  get peer(): string {
    return this.#acts.peer;
  }

  /** The names of the peer's verified certificate; empty without one. */
  get clientNames(): readonly string[] {
    return this.#acts.clientNames;
  }

  /** Sends a whole response. */
  answer(answer: PreparedAnswer): void {
    this.#acts.answer(this, answer);
  }

  /** Sends the HEADERS of a response; `block` is of `encodeFields`. */
  respond(block: Buffer, endsStream = false): void {
    this.#acts.respond(this, block, endsStream);
  }

  /** Sends the HEADERS of an interim response, such as 100, before `respond`. */
  interim(block: Buffer): void {
    this.#acts.interim(this, block);
  }

  /**
   * Sends content after `respond`. Returns false if some of it has to wait: `onWritable` is called
   * when there is room. The bytes must not change afterwards.
   */
  write(data: Buffer): boolean {
    return this.#acts.write(this, data);
  }

  /** Ends the response after what was written, with trailers if there are some. */
  end(trailers?: Buffer): void {
    this.#acts.end(this, trailers);
  }

  /** Ends the stream at once with an error code (RFC 9113 section 7). */
  reset(code: number): void {
    this.#acts.reset(this, code);
  }

  /** Says how many tasks the handler does for one answer, such as the questions of a batch. */
  count(tasks: number): void {
    this.#acts.count(tasks);
  }

  /** Resolves when it is the turn of the connection; undefined if its last one lasts. */
  turn(): Promise<void> | undefined {
    return this.#acts.turn();
  }

  /** Lets the peer send as many bytes more: the handler is done with them. */
  consumed(bytes: number): void {
    this.#acts.consumed(this, bytes);
  }
}

/** A connection, as its handler sees it. */
export interface H2Peer {
  /** How many bytes of answers wait for the peer. */
  readonly heldBytes: number;
  /** How long what is being read has waited for its turn, in milliseconds. */
  readonly waitedMs: number;
  /** Has all that was read done without waiting for its turn. */
  hurry(): void;
  /** The IP address at which it arrived; empty once it has closed. */
  readonly localAddress: string;
  /** Ends the connection with an error code, and with it all streams. */
  fail(code: number): void;
}

/** What receives the requests of a connection. */
export interface H2Handler {
  /** A new request; with `endsStream` it has no content. */
  onRequest(stream: H2Stream, endsStream: boolean): void;
  /** Content, which may be kept. With `endsStream` nothing follows. */
  onData(stream: H2Stream, data: Buffer, endsStream: boolean): void;
  /** The request ended with trailers, after its content. */
  onTrailers(stream: H2Stream): void;
  /** What was written has been sent, and more may be written. */
  onWritable(stream: H2Stream): void;
  /** The stream is over, once for each: undefined if both sides ended, else the error code. */
  onClose(stream: H2Stream, code: number | undefined): void;
  /** All that one read brought has been passed on, or as much as is done in a turn; the answers so far are sent after it. */
  onReadEnd(): void;
  /** So many bytes of a read wait until the connection has its turn; 0 once they had it. */
  onRest?(bytes: number): void;
  /** Answers were handed to the socket, or the socket has sent what waited. */
  onSent?(): void;
  /** The connection is over, after all of its streams. */
  onEnd?(): void;
}
