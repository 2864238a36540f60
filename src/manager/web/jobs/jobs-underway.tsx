/** The jobs at work, which every page shows. */

import { Anchor, Progress, Stack, Text } from '@mantine/core';
import { Link } from 'wouter';
import { useSession } from '../session.ts';
import { useJobs, working } from './use-jobs.ts';
import { sayCount, sayJob } from './words.ts';

/** Newest jobs among which it looks. */
const lookedAt = 10;

/** A bar for each, with a link to its page. */
export function JobsUnderway({ path }: { path: string }) {
  // Others may not list jobs, and a refused call would be in the audit log.
  return useSession().mayRead ? <Underway path={path} /> : null;
}

function Underway({ path }: { path: string }) {
  const { data } = useJobs(lookedAt);
  const jobs = working(data?.jobs ?? []);
  if (jobs.length === 0) return null;
  return (
    <Stack gap="xs" className="jobs-underway" role="status" aria-label="Jobs at work">
      {jobs.slice(0, 3).map(job => (
        <Anchor
          key={job.id}
          component={Link}
          href={`/jobs/${job.id}`}
          size="xs"
          aria-current={path === `/jobs/${job.id}` ? 'page' : undefined}
        >
          <Text size="xs" truncate>
            {sayJob(job)}
          </Text>
          <Progress
            size="sm"
            value={job.count === 0 ? 100 : (100 * (job.done + job.failed)) / job.count}
            aria-label={`${sayCount(job.done)} of ${sayCount(job.count)} done`}
          />
        </Anchor>
      ))}
    </Stack>
  );
}
