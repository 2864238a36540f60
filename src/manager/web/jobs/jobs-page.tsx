/** The page that lists the jobs. */

import { Anchor, Group, Stack, Text } from '@mantine/core';
import { IconStack2 } from '@tabler/icons-react';
import { Link } from 'wouter';
import type { Job } from '../../../gen/usher/v1/jobs_pb.ts';
import { sayActor } from '../ui/actor.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { When } from '../ui/when.tsx';
import { JobBadge, JobProgress } from './job-progress.tsx';
import { useJobs } from './use-jobs.ts';
import { isOver, sayDetails, sayJob } from './words.ts';

const shown = 100;

/** The page. */
export default function JobsPage() {
  const { data, error, refetch } = useJobs(shown);
  return (
    <>
      <PageHeader
        title="Jobs"
        text="Acts on many access tokens. They run on the server: you can leave the page."
      />
      {error !== null && <ErrorPanel error={error} onRetry={() => void refetch()} />}
      {data?.jobs.length === 0 && (
        <EmptyState
          icon={IconStack2}
          title="No jobs yet"
          text={
            <>
              Select access tokens in the{' '}
              <Anchor component={Link} href="/">
                list
              </Anchor>
              , or filter it, to revoke, rotate or change many of them at once.
            </>
          }
        />
      )}
      <Stack component="ul" gap="sm" className="plain-list" aria-label="Jobs">
        {data?.jobs.map(job => (
          <JobCard key={job.id} job={job} />
        ))}
      </Stack>
    </>
  );
}

function JobCard({ job }: { job: Job }) {
  const details = sayDetails(job);
  return (
    <li className="card padded">
      <Group justify="space-between" gap="sm" mb={4}>
        <Anchor component={Link} href={`/jobs/${job.id}`} fw={600} className="wrap-anywhere">
          {sayJob(job)}
        </Anchor>
        <JobBadge job={job} />
      </Group>
      <Text size="sm" c="dimmed" mb="xs" className="wrap-anywhere">
        {sayActor(job.actor, job.actorName)}, <When time={job.createTime} />
        {details && ` · ${details}`}
        {job.endReason && ` · ${job.endReason}`}
        {isOver(job) && job.secrets > 0 && ' · new secrets can be downloaded'}
      </Text>
      <JobProgress job={job} />
    </li>
  );
}
