/** The page of one job: its progress, what failed, and its new secrets. */

import { Button, Group, Stack, Table, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Link } from 'wouter';
import { type Job, JobService } from '../../../gen/usher/v1/jobs_pb.ts';
import { useSession } from '../session.ts';
import { useChange } from '../token/use-change.ts';
import { Actor } from '../ui/actor.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { When } from '../ui/when.tsx';
import { JobFailures } from './job-failures.tsx';
import { JobBadge, JobProgress } from './job-progress.tsx';
import { JobSecrets } from './job-secrets.tsx';
import { StartPanel } from './start-panel.tsx';
import { useJob } from './use-jobs.ts';
import { isOver, sayCount, sayDetails, sayJob } from './words.ts';

/** The page of the job with this id. */
export default function JobPage({ id }: { id: string }) {
  const { data, error, refetch } = useJob(id);
  const { mayChange } = useSession();
  const job = data?.job;
  if (job === undefined) {
    return error === null ? null : <ErrorPanel error={error} onRetry={() => void refetch()} />;
  }
  return (
    <>
      <PageHeader
        title={sayJob(job)}
        text={sayDetails(job)}
        actions={mayChange && !isOver(job) && <CancelButton job={job} />}
      />
      <Stack gap="lg">
        <div className="card padded">
          <Group gap="sm" mb="sm">
            <JobBadge job={job} />
            {job.endReason && <Text size="sm">{job.endReason}</Text>}
          </Group>
          <JobProgress job={job} />
          <Facts job={job} />
        </div>
        {job.startBeforeTime && job.own && <StartPanel job={job} />}
        {job.secrets > 0 && <JobSecrets job={job} />}
        {job.failed > 0 && <JobFailures job={job} />}
        <Group>
          <Button component={Link} href="/jobs" variant="default">
            All jobs
          </Button>
        </Group>
      </Stack>
    </>
  );
}

function Facts({ job }: { job: Job }) {
  const left = job.count - job.done - job.failed;
  return (
    <Table mt="md" verticalSpacing={6} className="job-facts">
      <Table.Tbody>
        <Fact name="By">
          <Actor actor={job.actor} name={job.actorName} />
        </Fact>
        <Fact name="Created">
          <When time={job.createTime} />
        </Fact>
        {job.startTime && (
          <Fact name="Started">
            <When time={job.startTime} />
          </Fact>
        )}
        {job.endTime && (
          <Fact name="Ended">
            <When time={job.endTime} />
          </Fact>
        )}
        <Fact name="Left">{sayCount(left)}</Fact>
        {job.leftOut > 0 && (
          <Fact name="Left out">{sayCount(job.leftOut)} revoked before, or not there</Fact>
        )}
      </Table.Tbody>
    </Table>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <Table.Tr>
      <Table.Th scope="row" w={130}>
        {name}
      </Table.Th>
      <Table.Td className="wrap-anywhere">{children}</Table.Td>
    </Table.Tr>
  );
}

function CancelButton({ job }: { job: Job }) {
  const cancel = useChange(JobService.method.cancelJob);
  const [isAsking, setAsking] = useState(false);
  if (job.canceling) return null;
  if (!isAsking) {
    return (
      <Button variant="default" onClick={() => setAsking(true)}>
        Cancel the job
      </Button>
    );
  }
  return (
    <Group gap="sm" role="group" aria-label="Cancel the job?">
      <Title order={2} size="sm">
        What it did stays done.
      </Title>
      <Button variant="default" onClick={() => setAsking(false)}>
        Go on
      </Button>
      <Button
        className="danger"
        loading={cancel.isBusy}
        onClick={() => void cancel.run({ id: job.id })}
        autoFocus
      >
        End it
      </Button>
      {cancel.error && <ErrorPanel error={cancel.error} />}
    </Group>
  );
}
