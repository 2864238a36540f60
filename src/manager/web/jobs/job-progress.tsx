/** How far a job is, as a bar with words. */

import { Progress, Text } from '@mantine/core';
import { type Job, JobState } from '../../../gen/usher/v1/jobs_pb.ts';
import { sayCount, sayState, toneOf } from './words.ts';

/** The bar, and "1,200 of 4,812 done". */
export function JobProgress({ job }: { job: Job }) {
  const { count, done, failed } = job;
  if (job.state === JobState.COUNTING) {
    return (
      <Text size="sm" c="dimmed">
        Searched {sayCount(job.examined)}, {sayCount(count)} found …
      </Text>
    );
  }
  const part = (of: number) => (count === 0 ? 0 : (100 * of) / count);
  return (
    <div className="job-progress">
      <Progress.Root size="md" aria-label="Progress">
        <Progress.Section
          value={part(done)}
          color="teal"
          aria-label={`${sayCount(done)} of ${sayCount(count)} done`}
        />
        <Progress.Section
          value={part(failed)}
          color="red"
          aria-label={`${sayCount(failed)} failed`}
        />
      </Progress.Root>
      <Text size="sm" c="dimmed" mt={4}>
        {sayCount(done)} of {sayCount(count)} done
        {failed > 0 && `, ${sayCount(failed)} failed`}
      </Text>
    </div>
  );
}

/** The state of a job. */
export function JobBadge({ job }: { job: Job }) {
  return (
    <span className="state" data-tone={toneOf(job)}>
      {sayState(job)}
    </span>
  );
}
