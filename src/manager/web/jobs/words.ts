/** Jobs in words. */

import { timestampDate } from '@bufbuild/protobuf/wkt';
import { type Job, JobState } from '../../../gen/usher/v1/jobs_pb.ts';
import { sayDuration } from '../ui/duration-input.tsx';

/** A number as people write it. */
export const sayCount = (count: number): string => count.toLocaleString('en');

/** "1 access token", "4,812 access tokens". */
export const sayTokens = (count: number): string =>
  `${sayCount(count)} access ${count === 1 ? 'token' : 'tokens'}`;

/** What a job does, as in "Revoke 4,812 access tokens of ann". */
export function sayJob(job: Job): string {
  const whose = job.selection?.selection;
  const of = whose?.case === 'owner' ? ` of ${whose.value}` : '';
  const tokens = job.state === JobState.COUNTING ? 'access tokens' : sayTokens(job.count);
  return `${sayVerb(job)} ${tokens}${of}`;
}

function sayVerb({ act }: Job): string {
  switch (act?.act.case) {
    case 'revoke':
      return 'Revoke';
    case 'rotate':
      return 'Rotate';
    case 'setExpiry':
      return 'Set the expiry of';
    default:
      return 'Change the owner of';
  }
}

/** The details of what it does; "" for none. */
export function sayDetails({ act }: Job): string {
  switch (act?.act.case) {
    case 'revoke':
      return act.act.value.reason;
    case 'rotate': {
      const seconds = Number(act.act.value.grace?.seconds ?? 0n);
      if (seconds === 0) return 'The previous ones ended at once';
      return `The previous ones stay valid for ${sayDuration(seconds)}`;
    }
    case 'setExpiry': {
      const time = act.act.value.expireTime;
      return time === undefined
        ? 'They never expire'
        : `To ${timestampDate(time).toLocaleString()}`;
    }
    case 'setOwner':
      return act.act.value.owner === '' ? 'To no owner' : `To ${act.act.value.owner}`;
    default:
      return '';
  }
}

/** Whether a job is over. */
export function isOver({ endTime }: Job): boolean {
  return endTime !== undefined;
}

/** The state, as a badge has it. */
export function sayState(job: Job): string {
  if (job.canceling) return 'Ending';
  switch (job.state) {
    case JobState.COUNTING:
      return 'Counting';
    case JobState.READY:
      return 'Not started';
    case JobState.RUNNING:
      return 'Running';
    case JobState.DONE:
      return job.failed > 0 ? 'Done, some failed' : 'Done';
    case JobState.CANCELED:
      return 'Canceled';
    default:
      return 'Ended early';
  }
}

/** How the state looks. */
export function toneOf(job: Job): 'good' | 'bad' | 'warn' | 'quiet' {
  if (job.state === JobState.DONE) return job.failed > 0 ? 'warn' : 'good';
  if (job.state === JobState.FAILED) return 'bad';
  return job.state === JobState.RUNNING ? 'good' : 'quiet';
}
