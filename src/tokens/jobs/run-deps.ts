/** What the work on a job needs. */

import type { Store } from '../../store/store.ts';
import type { CurrentCaller } from '../caller.ts';
import type { Acting } from './act.ts';
import type { JobBook } from './book.ts';
import type { Job } from './job.ts';
import type { JobLimits } from './limits.ts';

/** The parts, and what only tests give otherwise. */
export interface RunDeps {
  book: JobBook;
  store: Pick<Store, 'scan' | 'usage'>;
  acting: Acting;
  currentCaller: CurrentCaller;
  limits: JobLimits;
  /** Milliseconds since 1970. */
  now: () => number;
  /** Milliseconds of a clock that never jumps. */
  monotonicMs: () => number;
  /** Names this process. */
  self: string;
  /** Waits for the turn of an act; resolves to false to be asked again. */
  turn: (job: Job) => Promise<boolean>;
  /** Whether this process stops: the work then ends soon, for another one to go on. */
  isClosing: () => boolean;
  /** Called with an act's unexpected error. */
  onBug: (error: unknown) => void;
}
