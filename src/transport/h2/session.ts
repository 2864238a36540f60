/** The streams of a connection: what their frames and their handlers do (RFC 9113 sections 5 and 6). */

import { Budgets } from './budgets.ts';
import {
  ConnectionError,
  errorCodes,
  flags,
  frameTypes,
  type H2Fault,
  streamIdMax,
} from './frame.ts';
import { Inbound, type OnFrames } from './inbound.ts';
import type { Intake } from './intake.ts';
import type { Abuse, H2Limits } from './limits.ts';
import { Outbound } from './outbound.ts';
import type { Output } from './output.ts';
import type { PreparedAnswer } from './prepared-answer.ts';
import type { H2Request } from './request-rules.ts';
import { applySettings, defaultSettings } from './settings.ts';
import { type H2Handler, H2Stream, type StreamActs, streamBytes } from './stream.ts';
import { StreamTable } from './stream-table.ts';
import { ReceiveWindow } from './window.ts';

/** What a session needs of its connection. */
export interface SessionDeps {
  limits: H2Limits;
  handler: H2Handler;
  output: Output;
  /** Lets the handlers of its streams take turns. */
  intake: Pick<Intake, 'count' | 'turn'>;
  /** The address of the peer. */
  peer: string;
  /** The names of its certificate. */
  clientNames(): readonly string[];
  onFault(fault: H2Fault): void;
  /** The peer answered a PING with this payload. */
  onPong(payload: Buffer): void;
  /** A stream is over. */
  onStreamEnd(): void;
}

const nothing = Buffer.alloc(0);
/** WINDOW_UPDATE for the stream and the connection, and a PING. */
const framesPerContent = 3;

/** The session of one connection. Methods that take frames throw ConnectionError. */
export class Session implements StreamActs, OnFrames {
  readonly peer: string;
  /** The sending side. */
  readonly outbound: Outbound;
  /** The receiving side. */
  readonly inbound: Inbound;
  /** The last stream that is served. Later ones are ignored, since GOAWAY has said so. */
  lastServedId = streamIdMax;
  readonly #deps: SessionDeps;
  readonly #limits: H2Limits;
  readonly #handler: H2Handler;
  readonly #streams: StreamTable;
  readonly #budgets: Budgets;
  readonly #settings = defaultSettings();
  readonly #window: ReceiveWindow;
  /** How many frames of the peer were put down to content that was sent. */
  #explained = 0;

  constructor(deps: SessionDeps) {
    const { limits, handler } = deps;
    this.#deps = deps;
    this.#limits = limits;
    this.#handler = handler;
    this.peer = deps.peer;
    this.#streams = new StreamTable(limits.streamsMax);
    this.#budgets = new Budgets(limits.rates, () => performance.now());
    this.#window = new ReceiveWindow(limits.connectionWindowBytes);
    this.inbound = new Inbound(limits, this.#streams, this.#budgets, this);
    this.outbound = new Outbound(deps.output, {
      localEnded: stream => this.#localEnded(stream),
      writable: stream => handler.onWritable(stream),
    });
  }

  get clientNames(): readonly string[] {
    return this.#deps.clientNames();
  }

  /** How many streams are open. */
  get openStreams(): number {
    return this.#streams.size;
  }

  /** Whether every stream waits for the peer: for the rest of its request, or to be read. */
  get waitsForPeer(): boolean {
    for (const { remoteEnded, queuedBytes } of this.#streams.all()) {
      if (remoteEnded && queuedBytes === 0) return false;
    }
    return true;
  }

  /** The largest id of a stream that the peer used. */
  get lastId(): number {
    return this.#streams.lastId;
  }

  /** How much memory the answers hold that streams could not send, in bytes. */
  get heldBytes(): number {
    const { queuedBytes, queuedStreams } = this.outbound;
    return queuedBytes + queuedStreams * streamBytes;
  }

  /** Closes all streams, since the connection is over. */
  closeAll(code: number) {
    for (const stream of this.#streams.all()) this.#close(stream, code, true);
  }

  // Frames.

  request(id: number, request: H2Request, endsStream: boolean) {
    // What follows on it is ignored too.
    if (id > this.lastServedId) return this.#streams.end(id, true);
    const { streamsMax, streamWindowBytes } = this.#limits;
    if (this.#streams.size >= streamsMax) {
      return this.violation(id, errorCodes.refusedStream, 'too-many-streams');
    }
    const window = new ReceiveWindow(streamWindowBytes);
    const { initialWindowBytes } = this.#settings;
    const stream = new H2Stream(id, request, endsStream, window, initialWindowBytes, this);
    this.#streams.add(stream);
    this.#handler.onRequest(stream, endsStream);
  }

  data(stream: H2Stream, data: Buffer, payloadBytes: number, endsStream: boolean) {
    this.#takeWindow(payloadBytes);
    stream.unconsumedBytes += payloadBytes;
    if (!stream.receiveWindow.take(payloadBytes)) {
      return this.violation(stream.id, errorCodes.flowControlError, 'flow-control');
    }
    if (payloadBytes > data.length) this.consumed(stream, payloadBytes - data.length);
    stream.remoteEnded = endsStream;
    this.#handler.onData(stream, data, endsStream);
  }

  lostData(payloadBytes: number) {
    this.#takeWindow(payloadBytes);
    this.#giveWindow(payloadBytes);
  }

  trailers(stream: H2Stream) {
    stream.remoteEnded = true;
    this.#handler.onTrailers(stream);
  }

  violation(id: number, code: number, fault: H2Fault) {
    // An idle stream cannot be reset (section 5.1).
    if (id > this.#streams.lastId)
      throw new ConnectionError(code, fault, 'a faulty frame on an idle stream');
    this.#budgets.spend('violations');
    this.#deps.onFault(fault);
    this.outbound.frame32(frameTypes.rstStream, id, code);
    const stream = this.#streams.get(id);
    if (stream !== undefined) this.#close(stream, code, true);
    else this.#streams.end(id, true);
  }

  settings(bytes: Buffer, at: number, end: number) {
    const { initialWindowBytes: before, tableBytesMin } = this.#settings;
    applySettings(this.#settings, bytes, at, end);
    // The peer must know that they are applied before it sees a frame that needs them (section 6.5.3).
    this.outbound.frame(frameTypes.settings, flags.ack, 0, nothing);
    if (this.#settings.tableBytesMin < tableBytesMin) this.outbound.dropTable();
    const increment = this.#settings.initialWindowBytes - before;
    if (increment === 0) return;
    for (const stream of this.#streams.all()) {
      if (this.outbound.openStream(stream, increment)) continue;
      const text = 'the window of a stream is too large';
      throw new ConnectionError(errorCodes.flowControlError, 'flow-control', text);
    }
  }

  ping(isAnswer: boolean, payload: Buffer) {
    this.#spend('pings');
    if (isAnswer) this.#deps.onPong(payload);
    else this.outbound.frame(frameTypes.ping, flags.ack, 0, payload);
  }

  windowUpdate(stream: H2Stream | undefined, increment: number) {
    this.#spend('windowUpdates');
    if (stream === undefined) return this.outbound.open(increment);
    if (this.outbound.openStream(stream, increment)) return;
    this.violation(stream.id, errorCodes.flowControlError, 'flow-control');
  }

  resetByPeer(stream: H2Stream, code: number) {
    this.#close(stream, code, false);
  }

  // Handlers.

  answer(stream: H2Stream, answer: PreparedAnswer) {
    if (!stream.isClosed) this.outbound.answer(stream, answer);
  }

  respond(stream: H2Stream, block: Buffer, endsStream: boolean) {
    if (!stream.isClosed) this.outbound.headers(stream, block, endsStream);
  }

  interim(stream: H2Stream, block: Buffer) {
    if (!stream.isClosed) this.outbound.interim(stream, block);
  }

  write(stream: H2Stream, data: Buffer): boolean {
    return stream.isClosed || this.outbound.write(stream, data);
  }

  end(stream: H2Stream, trailers: Buffer | undefined) {
    if (!stream.isClosed) this.outbound.end(stream, trailers);
  }

  reset(stream: H2Stream, code: number) {
    if (stream.isClosed) return;
    this.outbound.frame32(frameTypes.rstStream, stream.id, code);
    this.#close(stream, code, true);
  }

  consumed(stream: H2Stream, bytes: number) {
    if (stream.isClosed) return;
    const consumed = Math.min(bytes, stream.unconsumedBytes);
    stream.unconsumedBytes -= consumed;
    this.#giveWindow(consumed);
    if (stream.remoteEnded) return;
    const increment = stream.receiveWindow.give(consumed);
    if (increment > 0) this.outbound.frame32(frameTypes.windowUpdate, stream.id, increment);
  }

  count(tasks: number) {
    this.#deps.intake.count(tasks);
  }

  turn(): Promise<void> | undefined {
    return this.#deps.intake.turn();
  }

  /**
   * Counts a frame that a peer sends for what it receives: a few for each frame of content are no abuse
   * (grpc-go, for one, measures its connection by a PING for each that it reads).
   */
  #spend(abuse: Abuse) {
    this.#explained++;
    if (this.#explained <= framesPerContent * this.outbound.contentFrames) return;
    this.#explained = framesPerContent * this.outbound.contentFrames;
    this.#budgets.spend(abuse);
  }

  #localEnded(stream: H2Stream) {
    // The rest of the request is not needed (section 8.1).
    if (stream.remoteEnded) return this.#close(stream, undefined, false);
    this.outbound.frame32(frameTypes.rstStream, stream.id, errorCodes.noError);
    this.#close(stream, undefined, true);
  }

  #close(stream: H2Stream, code: number | undefined, isByUs: boolean) {
    stream.isClosed = true;
    this.#streams.end(stream.id, isByUs);
    this.outbound.forget(stream);
    if (stream.unconsumedBytes > 0) this.#giveWindow(stream.unconsumedBytes);
    this.#handler.onClose(stream, code);
    this.#deps.onStreamEnd();
  }

  #takeWindow(bytes: number) {
    if (this.#window.take(bytes)) return;
    const text = 'more content than the window of the connection allows';
    throw new ConnectionError(errorCodes.flowControlError, 'flow-control', text);
  }

  #giveWindow(bytes: number) {
    const increment = this.#window.give(bytes);
    if (increment > 0) this.outbound.frame32(frameTypes.windowUpdate, 0, increment);
  }
}
