/** Puts the parts of jobs together: the operations on them, and the work in the background. */

import { randomUUID } from 'node:crypto';
import type { Store } from '../../store/store.ts';
import type { CurrentCaller } from '../caller.ts';
import type { ChangeDeps } from '../change.ts';
import { createActing } from './act.ts';
import { createJobBook } from './book.ts';
import { createJobs, type Jobs } from './jobs.ts';
import type { JobLimits } from './limits.ts';
import { createJobRunner } from './runner.ts';

/** What jobs need. */
export interface JobDeps {
  store: Store;
  /** How access tokens are changed. */
  changes: ChangeDeps;
  currentCaller: CurrentCaller;
  limits: JobLimits;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Whether this process works on jobs: one process of a replica is enough. */
  works: boolean;
  /** Called once for each job that cannot go on, which is tried again. */
  onFailure: (error: unknown, jobId: string) => void;
  /** Called with an unexpected error of an act. */
  onBug: (error: unknown) => void;
}

const dayMs = 86_400_000;

/** Creates them. `close` resolves once nothing is under way. */
export function openJobs(deps: JobDeps): { jobs: Jobs; close(): Promise<void> } {
  const { store, changes, limits, now, works } = deps;
  const { keys } = changes;
  const keep = { keepMs: limits.days * dayMs, requestMs: changes.limits.requestMs };
  const book = createJobBook(store, keys, now, keep);
  const runner = works
    ? createJobRunner({
        ...deps,
        ...{ book, acting: createActing(changes), self: randomUUID() },
        monotonicMs: () => performance.now(),
      })
    : undefined;
  const wake = () => runner?.wake();
  return {
    jobs: createJobs({ book, store, keys, limits, now, wake }),
    close: async () => await runner?.close(),
  };
}
