/** Changes inputs at random. */

import type { Random } from '../model/random.ts';
import type { Target } from './target.ts';

const numbers = [0, 1, 2, 4, 5, 8, 9, 16, 31, 32, 63, 64, 127, 128, 129, 254, 255];
const long = [
  0, 1, 0xff, 0x3fff, 0x4000, 0x4001, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xffffffff,
];

/** A whole number below `end`. */
export function below(random: Random, end: number): number {
  return Math.floor(random.next() * end);
}

function spliced(input: Buffer, at: number, removed: number, added: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), added, input.subarray(at + removed)]);
}

/** A part of the input, mostly a short one. */
function part(input: Buffer, random: Random): { at: number; length: number } {
  const at = below(random, input.length + 1);
  const most = random.chance(0.8) ? Math.min(16, input.length - at) : input.length - at;
  return { at, length: below(random, most + 1) };
}

type Change = (input: Buffer, random: Random, target: Target, others: readonly Buffer[]) => Buffer;

const changed = (input: Buffer, change: (copy: Buffer) => void) => {
  const copy = Buffer.from(input);
  if (copy.length > 0) change(copy);
  return copy;
};

const changes: readonly Change[] = [
  (input, random) =>
    changed(input, copy => {
      const at = below(random, copy.length);
      copy[at] = (copy[at] as number) ^ (1 << below(random, 8));
    }),
  (input, random) =>
    changed(input, copy => {
      copy[below(random, copy.length)] = random.pick(numbers);
    }),
  (input, random) =>
    changed(input, copy => {
      copy[below(random, copy.length)] = below(random, 256);
    }),
  (input, random) =>
    changed(input, copy => {
      const at = below(random, copy.length);
      copy[at] = (copy[at] as number) + below(random, 33) - 16;
    }),
  (input, random) =>
    changed(input, copy => {
      if (copy.length >= 4) copy.writeUInt32BE(random.pick(long), below(random, copy.length - 3));
    }),
  // Removes a part, or gives it a second time.
  (input, random) => {
    const { at, length } = part(input, random);
    return spliced(input, at, length, Buffer.alloc(0));
  },
  (input, random) => {
    const { at, length } = part(input, random);
    return spliced(input, below(random, input.length + 1), 0, input.subarray(at, at + length));
  },
  // Bytes of no meaning.
  (input, random) => {
    const bytes = Buffer.from(
      Array.from({ length: 1 + below(random, 8) }, () => below(random, 256)),
    );
    return spliced(input, below(random, input.length + 1), 0, bytes);
  },
  (input, random) => {
    const bytes = Buffer.alloc(
      1 + below(random, random.chance(0.1) ? 2000 : 20),
      below(random, 256),
    );
    return spliced(input, below(random, input.length + 1), 0, bytes);
  },
  // A word, added or in place of something.
  (input, random, { words }) => {
    if (words.length === 0) return input;
    const word = random.pick(words);
    const removed = random.chance(0.5) ? word.length : 0;
    return spliced(input, below(random, input.length + 1), removed, word);
  },
  // The start of one input and the end of another.
  (input, random, _, others) => {
    if (others.length === 0) return input;
    const other = random.pick(others);
    const at = below(random, input.length + 1);
    return Buffer.concat([input.subarray(0, at), other.subarray(below(random, other.length + 1))]);
  },
  (input, random) => input.subarray(0, below(random, input.length + 1)),
];

/** A changed copy of an input. */
export function mutate(
  input: Buffer,
  random: Random,
  target: Target,
  others: readonly Buffer[],
): Buffer {
  let result = input;
  const rounds = 1 + below(random, random.chance(0.8) ? 3 : 10);
  for (let n = 0; n < rounds; n++) {
    const { bend } = target;
    if (bend !== undefined && random.chance(0.7)) result = bend(result, random);
    else result = random.pick(changes)(result, random, target, others);
  }
  return result.subarray(0, target.bytesMax);
}
