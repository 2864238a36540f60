/** Changes an input frame by frame, so that most of it still is a session. */

import { encodeFields, type PlainField } from '../../../src/transport/h2/hpack/encoder.ts';
import type { Random } from '../../model/random.ts';
import { below } from '../mutate.ts';
import { framesOf, type InputFrame, inputOf } from './sent-frames.ts';

const types = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 77];
const increments = [0, 1, 5, 100, 65_535, 0x7fff_0000, 0x7fff_ffff];
const uint32 = (value: number) => {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value >>> 0);
  return bytes;
};

/** Fields that requests of a target have besides the usual ones. */
export interface Fields {
  paths: readonly string[];
  others: readonly PlainField[];
  contents: readonly Buffer[];
}

const strange: readonly PlainField[] = [
  ['content-length', '0'],
  ['content-length', '5'],
  ['te', 'trailers'],
  ['te', 'gzip'],
  ['host', 'test'],
  ['host', 'other'],
  ['connection', 'close'],
  ['X-Upper', '1'],
  ['x-nul', 'a\0b'],
  [':path', '/again'],
  [':strange', '1'],
  ['cookie', 'a=b'],
  ['x-long', 'v'.repeat(300)],
];

function block(random: Random, { paths, others }: Fields): Buffer {
  const fields: PlainField[] = [
    [':method', random.pick(['POST', 'POST', 'POST', 'GET', 'HEAD', 'OPTIONS', 'CONNECT'])],
    [':scheme', random.pick(['http', 'https'])],
    [':path', random.pick(paths)],
    [':authority', 'test'],
  ];
  if (random.chance(0.1)) fields.splice(below(random, 4), 1);
  if (others.length > 0) {
    for (let n = below(random, 4); n > 0; n--) fields.push(random.pick(others));
  }
  if (random.chance(0.3)) fields.push(random.pick(strange));
  const bytes = encodeFields(fields);
  // Added to the table, where it was a literal without a name of the static table.
  return random.chance(0.5) ? bytes : (bytes.map(byte => (byte === 0 ? 0x40 : byte)) as Buffer);
}

/** A frame as a client may send it. */
function fresh(random: Random, id: number, fields: Fields): InputFrame {
  const flag = random.chance(0.5) ? 1 : 0;
  switch (random.pick([0, 0, 1, 1, 1, 3, 4, 6, 7, 8, 8, 9, 10])) {
    case 0:
      return { type: 0, flag, id, payload: random.pick(fields.contents) };
    case 1:
      return { type: 1, flag: flag | 4, id, payload: block(random, fields) };
    case 3:
      return { type: 3, flag: 0, id, payload: uint32(random.pick([0, 1, 8])) };
    case 4: {
      const setting = Buffer.concat([
        Buffer.of(0, random.pick([1, 2, 3, 4, 4, 4, 5, 6, 9])),
        uint32(random.pick([0, 1, 20, 4096, 16_384, 65_535, 0x7fff_ffff])),
      ]);
      return { type: 4, flag: 0, id: 0, payload: setting };
    }
    case 6:
      return { type: 6, flag, id: 0, payload: Buffer.from('usher-ka') };
    case 7:
      return { type: 7, flag: 0, id: 0, payload: Buffer.alloc(8) };
    case 8: {
      const where = random.chance(0.5) ? 0 : id;
      return { type: 8, flag: 0, id: where, payload: uint32(random.pick(increments)) };
    }
    case 9:
      return { type: 9, flag: random.chance(0.5) ? 4 : 0, id, payload: block(random, fields) };
    default:
      return {
        type: random.pick(types),
        flag: below(random, 256),
        id,
        payload: Buffer.alloc(5, id),
      };
  }
}

/** A function that changes one or two frames of an input. */
export function bendFrames(fields: Fields): (input: Buffer, random: Random) => Buffer {
  return (input, random) => {
    const { frames, rest } = framesOf(input);
    const at = below(random, frames.length + 1);
    const picked = frames[at];
    const ids = frames.map(({ id }) => id).filter(id => id > 0);
    const newest = Math.max(-1, ...ids.filter(id => id % 2 === 1));
    const id = random.chance(0.6) ? newest + 2 : random.pick([...ids, 1]);
    const change = below(random, 9);
    if (picked === undefined || change < 4) {
      frames.splice(at, 0, fresh(random, id, fields));
    } else if (change === 4) {
      frames.splice(at, 1);
    } else if (change === 5) {
      frames.splice(below(random, frames.length + 1), 0, picked);
    } else if (change === 6) {
      frames[at] = { ...picked, flag: picked.flag ^ random.pick([1, 4, 8, 32]) };
    } else if (change === 7) {
      frames[at] = { ...picked, id: random.chance(0.2) ? random.pick([0, 2, 0x7fff_ffff]) : id };
    } else {
      frames.splice(at, 1, ...cut(picked, random));
    }
    return inputOf(frames, rest);
  };
}

/** A block as HEADERS and CONTINUATION, content as two frames, and others padded. */
function cut(frame: InputFrame, random: Random): InputFrame[] {
  const { type, flag, id, payload } = frame;
  if (random.chance(0.3) && type < 2) {
    const padding = below(random, 8);
    const padded = Buffer.concat([Buffer.of(padding), payload, Buffer.alloc(padding)]);
    return [{ type, flag: flag | 8, id, payload: padded }];
  }
  const at = below(random, payload.length + 1);
  const [first, second] = [payload.subarray(0, at), payload.subarray(at)];
  if (type === 1 || type === 9) {
    return [
      { type, flag: flag & ~4, id, payload: first },
      { type: 9, flag: flag & 4, id, payload: second },
    ];
  }
  return [
    { type, flag: flag & ~1, id, payload: first },
    { type, flag, id, payload: second },
  ];
}
