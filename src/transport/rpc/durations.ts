/**
 * How long calls took, by door and method: in buckets that every Prometheus reads, and in the exponential
 * ones of native histograms.
 */

import type { Door } from './call.ts';
import type { CallDurations } from './observed.ts';

/** Upper bounds of the buckets, in seconds. A cached verdict takes some microseconds. */
export const boundsSeconds = [
  0.000005, 0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025,
  0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
] as const;

/** The resolution of the exponential buckets: each bound is the one before times 2^(1/8). */
export const nativeSchema = 3;
const perOctave = 2 ** nativeSchema;
/** The bucket of 2^-20 s, about a microsecond; what is shorter counts there. */
const nativeIndexMin = -20 * perOctave;
/** The bucket of 2^7 s, about two minutes; what is longer counts there. */
const nativeIndexMax = 7 * perOctave;

/** The name of the metric. */
export const durationsName = 'usher_call_duration_seconds';

/** The counts of one door and method. */
export interface DurationCounts {
  door: string;
  method: string;
  count: number;
  sumSeconds: number;
  /** By bound; the last one has what is longer than all. Not cumulative. */
  buckets: number[];
  /** By index of the exponential bucket, from `nativeIndexMin` on. */
  native: number[];
}

/** The durations of this process. */
export interface Durations extends CallDurations {
  /** The counts so far. */
  counts(): DurationCounts[];
}

/** Creates the counts. */
export function createDurations(): Durations {
  const all = new Map<string, Map<Door, DurationCounts>>();
  return {
    counts: () => [...all.values()].flatMap(doors => [...doors.values()]),
    of(method) {
      const doors = all.get(method) ?? new Map<Door, DurationCounts>();
      all.set(method, doors);
      return (ms, door) => note(doors.get(door) ?? firstOf(doors, method, door), ms / 1000);
    },
  };
}

function firstOf(doors: Map<Door, DurationCounts>, method: string, door: Door): DurationCounts {
  const counts: DurationCounts = {
    ...{ door, method, count: 0, sumSeconds: 0 },
    buckets: new Array<number>(boundsSeconds.length + 1).fill(0),
    native: new Array<number>(nativeIndexMax - nativeIndexMin + 1).fill(0),
  };
  doors.set(door, counts);
  return counts;
}

function note(counts: DurationCounts, seconds: number): void {
  counts.count++;
  counts.sumSeconds += seconds;
  let bucket = 0;
  while (bucket < boundsSeconds.length && seconds > (boundsSeconds[bucket] as number)) bucket++;
  (counts.buckets[bucket] as number)++;
  (counts.native[nativePlace(seconds)] as number)++;
}

function nativePlace(seconds: number): number {
  const index = Math.ceil(Math.log2(seconds) * perOctave);
  if (!(index > nativeIndexMin)) return 0;
  return Math.min(index, nativeIndexMax) - nativeIndexMin;
}

/** The sum of the counts of several processes. */
export function addDurations(all: readonly DurationCounts[]): DurationCounts[] {
  const sums = new Map<string, DurationCounts>();
  for (const counts of all) {
    const key = `${counts.door} ${counts.method}`;
    const sum = sums.get(key);
    const add = (held: number[], other: number[]) => held.map((n, i) => n + (other[i] ?? 0));
    sums.set(
      key,
      sum === undefined
        ? counts
        : {
            ...counts,
            count: sum.count + counts.count,
            sumSeconds: sum.sumSeconds + counts.sumSeconds,
            buckets: add(sum.buckets, counts.buckets),
            native: add(sum.native, counts.native),
          },
    );
  }
  return [...sums.values()];
}

/** The exponential buckets that are not empty, as rows without a gap: offset from the row before, and counts. */
export function nativeRows({ native }: DurationCounts): { offset: number; counts: number[] }[] {
  const rows: { offset: number; counts: number[] }[] = [];
  let end = 0;
  for (const [place, count] of native.entries()) {
    if (count === 0) continue;
    const index = place + nativeIndexMin;
    const last = rows.at(-1);
    if (last !== undefined && index === end) last.counts.push(count);
    else rows.push({ offset: index - end, counts: [count] });
    end = index + 1;
  }
  return rows;
}
