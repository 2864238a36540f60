/** Small changes of a job. Times are in milliseconds since 1970. */

import type { Failure, JobBook, Written } from './book.ts';
import type { Job, Outcome } from './job.ts';

/** Reasons that a job tells apart; the rest is counted together. */
const reasonsMax = 10;
const otherReasons = 'other reasons';

/** The reasons of a job, with those of another chunk. */
export function countFailures(
  before: Job['failures'],
  failures: readonly Failure[],
): Job['failures'] {
  const counts = new Map(before);
  for (const [, reason] of failures) {
    const isKnown = counts.has(reason) || counts.size < reasonsMax - 1;
    const name = isKnown ? reason : otherReasons;
    counts.set(name, (counts.get(name) ?? 0) + 1);
  }
  return [...counts].sort(([, a], [, b]) => b - a);
}

/** How many of these acts were done, and how many failed. */
export function tally(outcomes: ReadonlyMap<string, Outcome>): Job['underway'] {
  const failed = [...outcomes.values()].filter(({ failure }) => failure !== undefined).length;
  return { done: outcomes.size - failed, failed };
}

/** The job at its end. */
export function ended(
  job: Job,
  end: { state: Job['state']; reason: string | undefined; at: number; secretsMs: number },
): Job {
  const { query: _, ...rest } = job;
  return {
    ...rest,
    state: end.state,
    endedAt: end.at,
    ...(end.reason !== undefined && { endReason: end.reason }),
    ...(job.secrets > 0 && { secretsUntil: end.at + end.secretsMs }),
  };
}

/** Removes the secrets of an ended job, and resolves to the job without them. Throws Unavailable. */
export async function forgetSecrets(book: JobBook, found: Written): Promise<Job> {
  await book.removeSecrets(found.job);
  let current: Written | undefined = found;
  while (current !== undefined) {
    const job: Job = { ...current.job, secrets: 0 };
    const written = await book.write(current, job);
    if (written !== undefined) return written.job;
    current = await book.read(job.id);
  }
  return found.job;
}
