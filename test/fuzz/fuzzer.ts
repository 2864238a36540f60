/** Fuzzes one target: keeps the inputs that reach new code, and changes those further. */

import { createRandom, type Random } from '../model/random.ts';
import { Coverage } from './coverage.ts';
import { below, mutate } from './mutate.ts';
import type { Target } from './target.ts';
import type { Watchdog } from './watch.ts';

/** An input for which something does not hold. */
export interface Finding {
  input: Buffer;
  error: Error;
}

/** Errors that reached nobody: of promises that no one awaits, and of callbacks. */
const stray: Error[] = [];

/** Takes such errors as findings of the input that is being played. */
export function catchStray(): void {
  // Most errors are those of the code under test, which nobody reads.
  Error.stackTraceLimit = 5;
  const take = (error: unknown) => {
    stray.push(error instanceof Error ? error : new Error(String(error)));
  };
  process.on('unhandledRejection', take);
  process.on('uncaughtException', take);
}

/** How long shortening a finding may take, in milliseconds. */
const shortenMs = 20_000;

/** The fuzzer of a target. */
export class Fuzzer {
  readonly target: Target;
  /** Inputs that reached something new, in their order. */
  readonly inputs: Buffer[] = [];
  readonly findings: Finding[] = [];
  readonly coverage: Coverage;
  plays = 0;
  readonly #random: Random;
  readonly #watchdog: Watchdog;

  constructor(target: Target, seed: number, watchdog: Watchdog, isCoarse = false) {
    this.target = target;
    this.coverage = new Coverage(isCoarse);
    this.#random = createRandom(seed);
    this.#watchdog = watchdog;
  }

  /** Plays the inputs to begin with. */
  async begin(corpus: readonly Buffer[]): Promise<void> {
    for (const input of [...this.target.seeds, ...corpus]) await this.#try(input);
    // Something to change, even if nothing was reached.
    if (this.inputs.length === 0) this.inputs.push(Buffer.alloc(0));
  }

  /** Plays changed inputs for so many milliseconds. */
  async run(ms: number): Promise<void> {
    const endMs = performance.now() + ms;
    while (performance.now() < endMs) {
      // Every second play starts from one of the newest inputs.
      const recent = this.#random.chance(0.5)
        ? Math.min(20, this.inputs.length)
        : this.inputs.length;
      const picked = this.inputs[this.inputs.length - 1 - below(this.#random, recent)] as Buffer;
      await this.#try(mutate(picked, this.#random, this.target, this.inputs));
    }
  }

  /** The error of a play, if there is one. */
  async play(input: Buffer): Promise<Error | undefined> {
    this.plays++;
    this.#watchdog.begin(input);
    Coverage.begin();
    try {
      const playing = this.target.play(input);
      if (playing !== undefined) await playing;
      return stray.shift();
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    } finally {
      this.#watchdog.end();
    }
  }

  async #try(input: Buffer): Promise<void> {
    const error = await this.play(input);
    if (error !== undefined) return await this.#found(input, error);
    if (this.coverage.take() > 0) this.inputs.push(Buffer.from(input));
  }

  async #found(input: Buffer, error: Error): Promise<void> {
    if (this.findings.some(each => isSame(each.error, error))) return;
    const finding = { input: Buffer.from(input), error };
    this.findings.push(finding);
    // What fails without an input was left by an earlier one, and shortening would lose this one.
    const left = await this.play(Buffer.alloc(0));
    if (left === undefined || !isSame(left, error)) await this.#shorten(finding);
  }

  /** Takes away what the finding does not need. */
  async #shorten(finding: Finding): Promise<void> {
    const endMs = performance.now() + shortenMs;
    for (let length = finding.input.length >> 1; length > 0; length >>= 1) {
      for (let at = 0; at < finding.input.length && performance.now() < endMs; ) {
        const { input } = finding;
        const shorter = Buffer.concat([input.subarray(0, at), input.subarray(at + length)]);
        const error = await this.play(shorter);
        if (error !== undefined && isSame(error, finding.error)) finding.input = shorter;
        else at += length;
      }
    }
  }
}

/** Whether two errors are about the same place. */
function isSame(a: Error, b: Error): boolean {
  return placeOf(a) === placeOf(b);
}

function placeOf({ name, message, stack = '' }: Error): string {
  const [place = ''] = stack
    .split('\n')
    .filter(line => line.includes('/src/') || line.includes('/test/'));
  return `${name} ${message.replaceAll(/\d+/g, 'N').slice(0, 60)} ${place}`;
}
