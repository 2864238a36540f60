/**
 * Works on the jobs of the store, in the background. Several processes may do so at the same time: a
 * lease gives each job to one of them.
 */

import { hasEnded, type Job } from './job.ts';
import { runJob } from './run.ts';
import type { RunDeps } from './run-deps.ts';

/** Works on jobs until it is closed. */
export interface JobRunner {
  /** Looks for work now, and not only at the next interval. */
  wake(): void;
  /** Resolves once no job is under way here; the others go on with them. */
  close(): Promise<void>;
}

/** What it needs. */
export interface JobRunnerDeps extends Omit<RunDeps, 'turn' | 'isClosing'> {
  /** Called once for each job that cannot go on, which is tried again. */
  onFailure: (error: unknown, jobId: string) => void;
}

/** What jobs do; each has its own place in a process, so that a revocation never waits for another act. */
type Lane = 'count' | 'revoke' | 'change' | 'clean';

/** Jobs of a lane that one process works on at a time. */
const lanes: Record<Lane, number> = { count: 2, revoke: 2, change: 1, clean: 4 };
/** Open jobs that are looked at. */
const lookedAtMax = 500;
/** Longest pause before a look whether it is an act's turn, in milliseconds. */
const turnMs = 100;
/** How far acts that were late may catch up, in milliseconds. */
const burstMs = 50;

/** Creates it. */
export function createJobRunner(deps: JobRunnerDeps): JobRunner {
  const { book, limits, monotonicMs, now, onFailure } = deps;
  const underway = new Map<string, { lane: Lane; work: Promise<void> }>();
  const failing = new Set<string>();
  let isClosing = false;
  let nextTurnAt = 0;

  const busy = (lane: Lane) => [...underway.values()].filter(each => each.lane === lane).length;

  /** Revocations go first, and are not held back; all other acts are paced. */
  const turn = async ({ act }: Job) => {
    // Between two of them, verification has its turn.
    await new Promise(setImmediate);
    if (act.kind === 'revoke') return true;
    const waitMs = nextTurnAt - monotonicMs();
    if (waitMs <= 0 && busy('revoke') === 0) {
      nextTurnAt = Math.max(nextTurnAt, monotonicMs() - burstMs) + 1000 / limits.actsPerSecond;
      return true;
    }
    await pause(Math.min(Math.max(waitMs, 1), turnMs));
    return false;
  };

  const start = (id: string, lane: Lane) => {
    const work = runJob({ ...deps, turn, isClosing: () => isClosing }, id)
      .then(() => void failing.delete(id))
      .catch(error => {
        if (!failing.has(id)) onFailure(error, id);
        failing.add(id);
      })
      .finally(() => {
        underway.delete(id);
        // It may have made way for another.
        if (lane !== 'clean' && !failing.has(id)) wake();
      });
    underway.set(id, { lane, work });
  };

  const look = async () => {
    const open = await book.open(lookedAtMax);
    for (const id of failing) if (!open.includes(id)) failing.delete(id);
    for (const id of open) {
      if (isClosing) return;
      if (underway.has(id)) continue;
      const found = await book.read(id);
      const lane = found === undefined ? 'clean' : laneOf(found.job, now(), deps.self);
      if (lane === undefined || busy(lane) >= lanes[lane] || underway.has(id)) continue;
      start(id, lane);
    }
  };

  let looking: Promise<void> | undefined;
  let isWanted = false;
  const wake = () => {
    isWanted = true;
    if (isClosing || looking !== undefined) return;
    isWanted = false;
    // The store may be away: the next look follows anyway.
    looking = look().catch(() => undefined);
    void looking.then(() => {
      looking = undefined;
      if (isWanted) wake();
    });
  };
  const timer = setInterval(wake, limits.lookMs).unref();
  wake();
  return {
    wake,
    async close() {
      isClosing = true;
      clearInterval(timer);
      await looking;
      await Promise.all([...underway.values()].map(({ work }) => work));
    },
  };
}

/** Where a job is worked on; undefined when there is nothing to do now, or another process has it. */
function laneOf(job: Job, now: number, self: string): Lane | undefined {
  if (hasEnded(job)) return job.secrets > 0 && (job.secretsUntil ?? 0) > now ? undefined : 'clean';
  if (job.lease !== undefined && job.lease.by !== self && job.lease.until > now) return undefined;
  if (job.state === 'counting') return 'count';
  if (job.state === 'running') return job.act.kind === 'revoke' ? 'revoke' : 'change';
  return job.cancel !== undefined || job.startBefore <= now ? 'clean' : undefined;
}

function pause(ms: number): Promise<void> {
  return new Promise(resolve => setTimeout(resolve, ms));
}
