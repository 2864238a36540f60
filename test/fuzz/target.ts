/** What is fuzzed. */

import type { Random } from '../model/random.ts';

/** A parser of what strangers send, and what must hold for any input. */
export interface Target {
  name: string;
  /** How much of the time it gets, beside others. */
  share: number;
  /** Longest input, in bytes. */
  bytesMax: number;
  /** Inputs to begin with, besides those of the corpus. */
  seeds: readonly Buffer[];
  /** What is put into inputs: bytes that mean something to the parser. */
  words: readonly Buffer[];
  /** Changes an input in a way that its parser gets past. */
  bend?(input: Buffer, random: Random): Buffer;
  /** Plays an input, the same way each time; throws if something does not hold. */
  play(input: Buffer): void | Promise<void>;
}
