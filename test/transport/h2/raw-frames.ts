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

/** A session with something of everything, whose last frame asks for an answer. */
export function fullSession(paths: { first: string; third: string; fifth: string }): Buffer {
  const block = requestBlock(paths.fifth, ['x-a', 'b']);
  return Buffer.concat([
    preface,
    settings([4, 20]),
    frame('settings', 1, 0),
    request(1, paths.first, 4),
    frame('data', 8, 1, '0261620000'),
    frame('priority', 0, 1, '0000000010'),
    request(3, paths.third),
    frame('windowUpdate', 0, 0, uint32(1000)),
    frame('data', 1, 1, '6364'),
    frame('headers', 0, 5, block.subarray(0, 4)),
    frame('continuation', 0, 5, block.subarray(4, 9)),
    frame('continuation', 4, 5, block.subarray(9)),
    frame('headers', 5, 5, '0001780179'),
    request(7, '/reset', 4),
    frame('rstStream', 0, 7, uint32(8)),
    frame(77, 3, 9, 'abcd'),
    frame('ping', 0, 0, '0102030405060708'),
  ]);
}
