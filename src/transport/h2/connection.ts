/** One HTTP/2 connection of a server (RFC 9113), on a socket with or without TLS. */

import type { Socket } from 'node:net';
import { movedBytes } from '../../timing/stalled.ts';
import {
  ConnectionError,
  errorCodes,
  frameBytesDefault,
  frameTypes,
  type H2Fault,
  streamIdMax,
  writeUint32,
} from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { Intake } from './intake.ts';
import { Lifetime, type Living } from './lifetime.ts';
import type { H2Limits } from './limits.ts';
import { Output } from './output.ts';
import { Preface } from './preface.ts';
import { Session } from './session.ts';
import { ownSettings } from './settings.ts';
import type { H2Handler, H2Peer } from './stream.ts';
import { windowBytesDefault } from './window.ts';

/** A socket that may know the names of its peer's verified certificate. */
export interface PeerSocket extends Socket {
  readonly clientNames?: readonly string[];
}

const noNames: readonly string[] = [];

/** What a connection needs. */
export interface ConnectionDeps {
  limits: H2Limits;
  /** Creates what receives the requests of a connection. */
  createHandler(connection: H2Peer): H2Handler;
  /** Called when a peer breaks a rule or exceeds a limit, with its address where it is known. */
  onFault(fault: H2Fault, address?: string): void;
  /** Called with what a handler threw, which ends the connection. */
  onBug(error: unknown): void;
  /** Sent to a peer that speaks HTTP/1 or TLS, before the connection is closed. */
  notHttp2: Buffer;
}

/** The longest request line that is looked at, in bytes. */
const requestLineBytes = 1024;

/** The first byte of a TLS handshake (RFC 8446 section 5.1). */
const tlsHandshake = 0x16;

/** Whether a peer speaks TLS, or HTTP/1 as a browser does. */
function isOtherProtocol(chunk: Buffer): boolean {
  if (chunk[0] === tlsHandshake) return true;
  return /^[A-Z]+ \S+ HTTP\/1\.\d\r?\n/.test(chunk.toString('latin1', 0, requestLineBytes));
}

/** The payloads of this server's PINGs, by which it knows the answers. */
const keepalivePing = Buffer.from('usher-ka', 'latin1');
const goAwayPing = Buffer.from('usher-ga', 'latin1');

/** A connection. It closes by itself after an error, when it is idle, and when its peer is gone. */
export class H2Connection implements Living, H2Peer {
  lastActiveMs = performance.now();
  progress = 0;
  readonly #socket: PeerSocket;
  readonly #deps: ConnectionDeps;
  readonly #handler: H2Handler;
  readonly #reader: FrameReader;
  readonly #intake: Intake;
  readonly #output: Output;
  readonly #session: Session;
  readonly #lifetime: Lifetime;
  /** Undefined once it has come. */
  #preface: Preface | undefined = new Preface();
  /** No, from the first GOAWAY on, and from the last frame on. */
  #state: 'open' | 'going-away' | 'over' = 'open';

  constructor(socket: PeerSocket, deps: ConnectionDeps) {
    const { limits, onFault } = deps;
    this.#socket = socket;
    this.#deps = deps;
    this.#handler = deps.createHandler(this);
    this.#output = new Output(socket, limits.outputBytesMax, {
      full: () => socket.pause(),
      drained: () => this.#drained(),
    });
    this.#reader = new FrameReader(frameBytesDefault, (type, flag, id, bytes, at, end) => {
      // A handler may have ended the connection.
      if (this.#state !== 'over') this.#session.inbound.frame(type, flag, id, bytes, at, end);
    });
    this.#intake = new Intake(socket, this.#reader, limits.workMax, {
      read: bytes => this.#read(bytes),
      isFull: () => this.#output.isFull,
      holds: bytes => this.#handler.onRest?.(bytes),
    });
    this.#session = new Session({
      limits,
      handler: this.#handler,
      output: this.#output,
      peer: socket.remoteAddress ?? '',
      clientNames: () => socket.clientNames ?? noNames,
      onFault,
      onPong: payload => this.#pong(payload),
      onStreamEnd: () => this.#streamEnded(),
      intake: this.#intake,
    });
    this.#lifetime = new Lifetime(limits, this);
    socket.on('error', () => this.destroy());
    socket.on('close', () => this.#closed());
  }

  /** How many bytes of answers wait for the peer. */
  get heldBytes(): number {
    return this.#session.heldBytes + this.#output.heldBytes;
  }

  /** Whether it can only end when its peer sends, or reads, something. */
  get waitsForPeer(): boolean {
    // Other times bound it before its preface and after its last frame.
    if (this.#preface !== undefined || this.#state === 'over') return false;
    return !this.#intake.hasRest && this.#session.waitsForPeer;
  }

  /** Changes whenever the peer sent or read something. */
  get moved(): number {
    return movedBytes(this.#socket);
  }

  get waitedMs(): number {
    return this.#intake.waitedMs;
  }

  get localAddress(): string {
    return this.#socket.localAddress ?? '';
  }

  openStreams(): number {
    return this.#session.openStreams;
  }

  hurry() {
    this.#intake.hurry();
  }

  /**
   * Tells the peer to open no more streams, and closes the connection once those that it has opened are
   * over (RFC 9113 section 6.8).
   */
  goAway() {
    if (this.#state !== 'open') return;
    this.#state = 'going-away';
    if (this.#preface !== undefined) return this.#lifetime.hurry();
    this.#announce();
  }

  /**
   * Ends the connection with an error code, and with it all streams. `text` says why, for people at the
   * other end (RFC 9113 section 6.8); it holds nothing of what they sent.
   */
  fail(code: number, text = '') {
    if (this.#state === 'over') return;
    // No GOAWAY may name a later stream than the one before (RFC 9113 section 6.8).
    const { lastId, lastServedId } = this.#session;
    this.#sendGoAway(Math.min(lastId, lastServedId), code, text);
    this.#finish(code);
  }

  destroy() {
    this.#socket.destroy();
  }

  ping() {
    this.#session.outbound.frame(frameTypes.ping, 0, 0, keepalivePing);
  }

  /** Returns the offset of what waits. */
  #read(chunk: Buffer): number {
    let at = 0;
    this.progress++;
    this.#output.beginRead();
    try {
      if (this.#preface !== undefined) at = this.#readPreface(chunk, this.#preface);
      if (at < chunk.length) at = this.#reader.read(chunk, at);
      this.#handler.onReadEnd();
    } catch (error) {
      this.#failWith(error);
    }
    this.#output.endRead();
    this.#handler.onSent?.();
    return at;
  }

  #failWith(error: unknown) {
    if (error instanceof ConnectionError) {
      // The rest of a read whose beginning ended the connection; in another cut it is not read at all.
      if (this.#state === 'over') return;
      this.#deps.onFault(error.fault);
      return this.fail(error.code, error.message);
    }
    this.#deps.onBug(error);
    this.fail(errorCodes.internalError);
  }

  /** Returns the offset of the first frame. */
  #readPreface(chunk: Buffer, preface: Preface): number {
    const start = preface.read(chunk);
    if (start === 'partial') return chunk.length;
    if (start === 'wrong') {
      // Behind a part of the preface, what comes is not the beginning of another protocol.
      const isFirst = !preface.hasBegun;
      const fault = isFirst && chunk[0] === tlsHandshake ? 'tls' : 'preface';
      this.#deps.onFault(fault, this.#socket.remoteAddress);
      if (isFirst && isOtherProtocol(chunk)) this.#session.outbound.raw(this.#deps.notHttp2);
      this.#finish(errorCodes.protocolError);
      return chunk.length;
    }
    this.#preface = undefined;
    this.#lifetime.begin();
    const { limits } = this.#deps;
    this.#session.outbound.raw(ownSettings(limits));
    const increment = limits.connectionWindowBytes - windowBytesDefault;
    if (increment > 0) this.#session.outbound.frame32(frameTypes.windowUpdate, 0, increment);
    if (this.#state === 'going-away') this.#announce();
    return start;
  }

  /** The first GOAWAY: the answer to the PING behind it says that the peer knows. */
  #announce() {
    this.#sendGoAway(streamIdMax, errorCodes.noError);
    this.#session.outbound.frame(frameTypes.ping, 0, 0, goAwayPing);
    this.#lifetime.goingAway(() => this.#nameLast());
  }

  /** The peer has read the first GOAWAY. Some open a stream behind their answer all the same. */
  #told() {
    if (this.#state === 'going-away' && this.#session.lastServedId === streamIdMax) {
      this.#lifetime.told();
    }
  }

  /** The second GOAWAY: it names the last stream that is served. */
  #nameLast() {
    const session = this.#session;
    if (this.#state !== 'going-away' || session.lastServedId !== streamIdMax) return;
    // What has arrived is served.
    if (this.#intake.hasRest) return this.#lifetime.told();
    session.lastServedId = session.lastId;
    this.#sendGoAway(session.lastId, errorCodes.noError);
    if (session.openStreams === 0) this.#finish(errorCodes.noError);
  }

  #pong(payload: Buffer) {
    if (payload.equals(goAwayPing)) this.#told();
    else if (payload.equals(keepalivePing)) this.#lifetime.answered();
  }

  #streamEnded() {
    this.lastActiveMs = performance.now();
    const { lastServedId, openStreams } = this.#session;
    if (lastServedId !== streamIdMax && openStreams === 0) this.#finish(errorCodes.noError);
  }

  #sendGoAway(lastId: number, code: number, text = '') {
    const payload = Buffer.alloc(8 + text.length);
    writeUint32(payload, 0, lastId);
    writeUint32(payload, 4, code);
    payload.write(text, 8, 'latin1');
    this.#session.outbound.frame(frameTypes.goaway, 0, 0, payload);
  }

  /** Sends what was written, and then only waits for the peer to close. */
  #finish(code: number) {
    if (this.#state === 'over') return;
    this.#state = 'over';
    this.#lifetime.linger();
    this.#session.closeAll(code);
    this.#output.end();
    // What the peer still sends is read, so that the kernel does not drop the last frames.
    this.#intake.end();
    this.#socket.resume();
  }

  #drained() {
    if (this.#socket.isPaused()) {
      this.progress++;
      this.#intake.resume();
    }
    if (this.#state !== 'over') this.#session.outbound.pumpAll();
    this.#handler.onSent?.();
  }

  #closed() {
    this.#state = 'over';
    this.#intake.end();
    this.#lifetime.clear();
    this.#session.closeAll(errorCodes.cancel);
    this.#handler.onEnd?.();
  }
}
