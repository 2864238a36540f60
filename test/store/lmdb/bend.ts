/** Flips bits of a whole store's file, and collects answers that are wrong. */

import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { createRandom } from '../../model/random.ts';
import { fillForQuestions, type StoreQuestion } from './questions.ts';

/** Which pages are damaged: those that LMDB finds others by are few, and matter most. */
export const aims = ['anywhere', 'meta pages', 'branch pages', 'leaf pages', 'free list'] as const;
type Aim = (typeof aims)[number];

/** A whole store and what is asked of it. */
export interface Whole {
  place: string;
  questions: StoreQuestion[];
  /** The wrong answers of a copy with flipped bits. */
  wrongAnswers(seed: number, aim: Aim): Promise<string[]>;
  /** The answers of the store as it is. */
  answers(): Promise<string[]>;
  remove(): void;
}

const program = fileURLToPath(new URL('./answers-of.ts', import.meta.url));
const pageBytes = 4096;
/** Page types in MDB_page's flags. */
const [branch, leaf] = [1, 2];
const flips: Record<Aim, number> = {
  anywhere: 40,
  'meta pages': 2,
  'branch pages': 6,
  'leaf pages': 60,
  'free list': 6,
};

/** Makes the store. */
export async function makeWhole(seed: number): Promise<Whole> {
  const place = mkdtempSync(join(tmpdir(), 'usher-bits-'));
  const whole = join(place, 'whole');
  const questions = await fillForQuestions(whole, seed);
  const list = join(place, 'questions');
  writeFileSync(list, JSON.stringify(questions));

  /** The answers of a process of its own, which a damaged page may end. */
  const answersIn = (folder: string, writes: number) =>
    new Promise<string[]>(resolve => {
      const args = [program, folder, list, String(writes)];
      execFile(process.execPath, args, { timeout: 30_000 }, (_, stdout) => {
        resolve(stdout.split('\n').slice(0, -1));
      });
    });
  return {
    place,
    questions,
    answers: () => answersIn(whole, 0),
    async wrongAnswers(seed, aim) {
      const folder = mkdtempSync(join(place, 'bent-'));
      cpSync(whole, folder, { recursive: true });
      const file = join(folder, 'data.mdb');
      writeFileSync(file, bent(readFileSync(file), seed, aim));
      const writes = aim === 'free list' ? 20 : 0;
      const answers = await answersIn(folder, writes);
      rmSync(folder, { recursive: true });
      return answers.flatMap((answer, n) => {
        const { about, of, right } = questions[n] as StoreQuestion;
        const isGrown = writes > 0 && /^(scan|log)$/.test(about);
        if (answer === right || answer === 'unavailable' || isGrown) return [];
        return [`${about} ${of.slice(0, 60)}: ${answer.slice(0, 60)}, not ${right.slice(0, 60)}`];
      });
    },
    remove: () => rmSync(place, { recursive: true, force: true }),
  };
}

function bent(bytes: Buffer, seed: number, aim: Aim): Buffer {
  const random = createRandom(seed);
  const pages = pagesOf(bytes, aim);
  for (let n = 0; n < flips[aim]; n++) {
    const page = random.pick(pages);
    // Of a meta page, what comes behind its fields is never read.
    const bits = (aim === 'meta pages' ? 168 : pageBytes) * 8;
    const bit = page * pageBytes * 8 + Math.floor(random.between(0, bits));
    bytes[bit >> 3] = (bytes[bit >> 3] ?? 0) ^ (1 << (bit & 7));
  }
  return bytes;
}

function pagesOf(bytes: Buffer, aim: Aim): number[] {
  const all = Array.from({ length: bytes.length / pageBytes }, (_, page) => page);
  if (aim === 'anywhere') return all;
  if (aim === 'meta pages') return [0, 1];
  if (aim === 'free list') {
    const roots = [0, 1].map(page => Number(bytes.readBigUInt64LE(page * pageBytes + 88)));
    return roots.filter(root => root < all.length);
  }
  const type = aim === 'branch pages' ? branch : leaf;
  return all.filter(page => page > 1 && (bytes.readUInt16LE(page * pageBytes + 18) & 7) === type);
}
