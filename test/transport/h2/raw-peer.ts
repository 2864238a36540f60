/** A peer that sends frames as a test writes them, and reads those of the server. */

import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import { errorCodes, frameTypes } from '../../../src/transport/h2/frame.ts';
import { FrameReader } from '../../../src/transport/h2/frame-reader.ts';
import { frame, preface, settings } from './raw-frames.ts';

export {
  frame,
  fullSession,
  preface,
  request,
  requestBlock,
  settings,
  uint32,
} from './raw-frames.ts';

/** A frame of the server. */
export interface RawFrame {
  type: string;
  flag: number;
  id: number;
  payload: Buffer;
}

const typeNames = Object.fromEntries(
  Object.entries(frameTypes).map(([name, type]) => [type, name]),
);
const codeNames = Object.fromEntries(
  Object.entries(errorCodes).map(([name, code]) => [code, name]),
);

/** A connected peer. */
export class RawPeer {
  readonly socket: Socket;
  /** What was received and not taken. */
  readonly frames: RawFrame[] = [];
  /** All bytes that were received. */
  readonly received: Buffer[] = [];
  #wake = () => {};
  #isClosed = false;

  constructor(socket: Socket) {
    this.socket = socket;
    const reader = new FrameReader(2 ** 24, (type, flag, id, bytes, at, end) => {
      const payload = Buffer.from(bytes.subarray(at, end));
      this.frames.push({ type: typeNames[type] ?? String(type), flag, id, payload });
    });
    socket.on('data', (chunk: Buffer) => {
      this.received.push(chunk);
      reader.read(chunk);
      this.#wake();
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#isClosed = true;
      this.#wake();
    });
  }

  send(...frames: Buffer[]): void {
    this.socket.write(Buffer.concat(frames));
  }

  /** The next frame that fulfils a condition; those before it are dropped. Throws at the end. */
  async next(is: (frame: RawFrame) => boolean): Promise<RawFrame> {
    for (;;) {
      const found = this.frames.findIndex(is);
      if (found >= 0) return this.frames.splice(0, found + 1).at(-1) as RawFrame;
      if (this.#isClosed) throw new Error('the connection is closed');
      await new Promise<void>(resolve => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frame of a type. */
  nextOf(type: keyof typeof frameTypes, id?: number): Promise<RawFrame> {
    return this.next(each => each.type === type && (id === undefined || each.id === id));
  }

  /** Waits until the server has read all that was sent: it answers a PING. */
  async settled(): Promise<RawFrame[]> {
    const mark = Buffer.from('settled!');
    this.send(frame('ping', 0, 0, mark));
    const isMark = (each: RawFrame) => each.type === 'ping' && each.payload.equals(mark);
    const before: RawFrame[] = [];
    await this.next(each => {
      if (!before.includes(each)) before.push(each);
      return isMark(each);
    });
    return before.filter(each => !isMark(each));
  }

  /**
   * What the server does to the connection or a stream: `goaway protocolError: a text`,
   * `rstStream 1 cancel`.
   */
  async verdict(): Promise<string> {
    const { type, id, payload } = await this.next(
      each => each.type === 'goaway' || each.type === 'rstStream',
    );
    if (type === 'goaway') {
      const text = payload.toString('latin1', 8);
      return `goaway ${codeNames[payload.readUInt32BE(4)]}${text && `: ${text}`}`;
    }
    return `rstStream ${id} ${codeNames[payload.readUInt32BE()]}`;
  }

  async closed(): Promise<void> {
    if (!this.#isClosed) await once(this.socket, 'close');
  }
}

/** Connects, without the preface. */
export async function rawPeer(port: number): Promise<RawPeer> {
  const socket = connect(port, '127.0.0.1');
  onTestFinished(() => {
    socket.destroy();
  });
  await once(socket, 'connect');
  return new RawPeer(socket);
}

/** Connects, and exchanges SETTINGS. */
export async function begunPeer(
  port: number,
  ...values: [id: number, value: number][]
): Promise<RawPeer> {
  const peer = await rawPeer(port);
  peer.send(preface, settings(...values), frame('settings', 1, 0));
  await peer.next(each => each.type === 'settings' && each.flag === 1);
  return peer;
}
