/** Frames as a test writes them. */

import { frameTypes, writeHead } from '../../../src/transport/h2/frame.ts';
import { encodeFields, type PlainField } from '../../../src/transport/h2/hpack/encoder.ts';

/** The preface (RFC 9113 section 3.4). */
export const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');

/** A whole frame. */
export function frame(
  type: keyof typeof frameTypes | number,
  flag: number,
  id: number,
  payload: Buffer | string = '',
): Buffer {
  const body = typeof payload === 'string' ? Buffer.from(payload, 'hex') : payload;
  const bytes = Buffer.alloc(9 + body.length);
  writeHead(bytes, 0, body.length, typeof type === 'number' ? type : frameTypes[type], flag, id);
  bytes.set(body, 9);
  return bytes;
}

/** Four bytes. */
export function uint32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

/** SETTINGS with these values. */
export function settings(...values: [id: number, value: number][]): Buffer {
  const parts = values.map(([id, value]) => Buffer.concat([Buffer.of(0, id), uint32(value)]));
  return frame('settings', 0, 0, Buffer.concat(parts));
}

/** The block of a request. */
export function requestBlock(path: string, ...more: PlainField[]): Buffer {
  return encodeFields([
    [':method', 'POST'],
    [':scheme', 'http'],
    [':path', path],
    [':authority', 'test'],
    ...more,
  ]);
}

/** HEADERS of a request; it ends with them unless it says otherwise. */
export function request(id: number, path: string, flag = 5, ...more: PlainField[]): Buffer {
  return frame('headers', flag, id, requestBlock(path, ...more));
}
