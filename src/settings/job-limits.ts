/** The settings of jobs. */

import { limit } from './setting.ts';

/** How fast jobs act, and how long they are kept. */
export const jobLimits = {
  jobActsPerSecond: limit(
    'USHER_JOB_ACTS_PER_SECOND',
    'Access tokens that jobs rotate or change in a second, per replica, so that verification does not ' +
      'suffer; revocations are not held back',
    { min: 10, max: 10_000, default: 200, unit: 'acts/s' },
  ),
  jobDays: limit('USHER_JOB_DAYS', 'How long jobs are kept, with what failed in them', {
    min: 2,
    max: 400,
    default: 30,
    unit: 'days',
  }),
};
