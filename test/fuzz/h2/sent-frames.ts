/** What an input means as frames, as far as what the server may send depends on it. */

import { preface } from '../../transport/h2/raw-frames.ts';

/** A frame of an input. */
export interface InputFrame {
  type: number;
  flag: number;
  id: number;
  payload: Buffer;
}

const headBytes = 9;
const idMask = 0x7fff_ffff;

/** The frames behind the preface, and what is left of the last one. */
export function framesOf(input: Buffer): { frames: InputFrame[]; rest: Buffer } {
  const frames: InputFrame[] = [];
  let at = preface.length;
  while (input.length - at >= headBytes) {
    const end = at + headBytes + input.readUIntBE(at, 3);
    if (end > input.length) break;
    const [type, flag] = [input[at + 3] as number, input[at + 4] as number];
    const id = input.readUInt32BE(at + 5) & idMask;
    frames.push({ type, flag, id, payload: input.subarray(at + headBytes, end) });
    at = end;
  }
  return { frames, rest: input.subarray(Math.min(at, input.length)) };
}

/** The frames as bytes, with the preface before them. */
export function inputOf(frames: readonly InputFrame[], rest: Buffer): Buffer {
  const parts: Buffer[] = [preface];
  for (const { type, flag, id, payload } of frames) {
    const head = Buffer.alloc(headBytes);
    head.writeUIntBE(Math.min(payload.length, 0xffffff), 0, 3);
    head[3] = type;
    head[4] = flag;
    head.writeUInt32BE(id >>> 0, 5);
    parts.push(head, payload);
  }
  return Buffer.concat([...parts, rest]);
}

/** How much content the server may send at most, in bytes. */
export interface Windows {
  connection: number;
  /** Of a stream that nothing was said about. */
  stream: number;
  /** What was added to single streams. */
  added: ReadonlyMap<number, number>;
  /** How many PINGs there were to answer. */
  pings: number;
}

const [settingsType, pingType, windowUpdateType] = [4, 6, 8];
const initialWindowSize = 4;
const windowDefault = 65_535;

/** The windows, if every frame is valid. */
export function windowsOf(frames: readonly InputFrame[]): Windows {
  const added = new Map<number, number>();
  let connection = windowDefault;
  let stream = windowDefault;
  let pings = 0;
  for (const { type, flag, id, payload } of frames) {
    if (type === pingType && (flag & 1) === 0) pings++;
    if (type === windowUpdateType && payload.length === 4) {
      const increment = payload.readUInt32BE() & idMask;
      if (id === 0) connection += increment;
      else added.set(id, (added.get(id) ?? 0) + increment);
    }
    if (type !== settingsType || (flag & 1) !== 0) continue;
    for (let at = 0; at + 6 <= payload.length; at += 6) {
      if (payload.readUInt16BE(at) !== initialWindowSize) continue;
      stream = Math.max(stream, payload.readUInt32BE(at + 2));
    }
  }
  return { connection, stream, added, pings };
}
