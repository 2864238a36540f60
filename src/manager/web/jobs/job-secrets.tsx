/** Downloads the new tokens and secrets of a job, and has the server forget them. */

import { callUnaryMethod, useTransport } from '@connectrpc/connect-query';
import { Alert, Button, Checkbox, Group, Text, Title } from '@mantine/core';
import { useState } from 'react';
import { Kind } from '../../../gen/usher/v1/access_token_pb.ts';
import { type Job, JobService } from '../../../gen/usher/v1/jobs_pb.ts';
import type { SecretFormat } from '../../../wording/secrets-csv.ts';
import { useChange } from '../token/use-change.ts';
import { sayActor } from '../ui/actor.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { When } from '../ui/when.tsx';
import { sayCount } from './words.ts';

/** The card; only the creator of the job can download them. */
export function JobSecrets({ job }: { job: Job }) {
  const transport = useTransport();
  const forget = useChange(JobService.method.forgetJobSecrets);
  const [read, setRead] = useState<number>();
  const [error, setError] = useState<Error>();
  const [isSaved, setSaved] = useState(false);

  async function download(format: SecretFormat) {
    setError(undefined);
    setRead(0);
    try {
      const { secretsHead, secretsText } = await import('../../../wording/secrets-csv.ts');
      const parts: string[] = [secretsHead(format)];
      let pageToken = '';
      let count = 0;
      do {
        const request = { id: job.id, pageToken };
        const page = await callUnaryMethod(transport, JobService.method.readJobSecrets, request);
        const rows = page.secrets.map(({ kind, ...row }) => {
          return { ...row, kind: kind === Kind.JWT ? ('jwt' as const) : ('static' as const) };
        });
        parts.push(secretsText(format, rows));
        count += rows.length;
        setRead(count);
        pageToken = page.nextPageToken;
      } while (pageToken !== '');
      save(parts, `usher-job-${job.id.slice(0, 8)}.${format}`, format);
    } catch (cause) {
      setError(cause instanceof Error ? cause : new Error(String(cause)));
    } finally {
      setRead(undefined);
    }
  }

  return (
    <div className="card padded">
      <Title order={2} size="h4" mb={4}>
        {sayCount(job.secrets)} new tokens and secrets
      </Title>
      {!job.own && (
        <Text size="sm">
          Only {sayActor(job.actor, job.actorName)}, who created the job, can read them.
        </Text>
      )}
      {job.own && job.secretsExpireTime === undefined && (
        <Text size="sm">They can be downloaded when the job has ended.</Text>
      )}
      {job.own && job.secretsExpireTime && (
        <>
          <Alert data-tone="warn" mb="md">
            The server forgets them <When time={job.secretsExpireTime} />. Download them before, and
            keep the file where secrets belong.
          </Alert>
          <Group gap="sm">
            <Button loading={read !== undefined} onClick={() => void download('csv')}>
              Download as CSV
            </Button>
            <Button
              variant="default"
              disabled={read !== undefined}
              onClick={() => void download('jsonl')}
            >
              Download as JSON Lines
            </Button>
          </Group>
          <Text size="sm" c="dimmed" role="status" mt={4}>
            {read !== undefined && `${sayCount(read)} of ${sayCount(job.secrets)} read`}
          </Text>
          <Group gap="sm" mt="md" justify="space-between">
            <Checkbox
              label="I have saved the file"
              checked={isSaved}
              onChange={event => setSaved(event.currentTarget.checked)}
            />
            <Button
              variant="default"
              disabled={!isSaved}
              loading={forget.isBusy}
              onClick={() => void forget.run({ id: job.id })}
            >
              Remove them from the server
            </Button>
          </Group>
          {(error ?? forget.error) && <ErrorPanel error={(error ?? forget.error) as Error} />}
        </>
      )}
    </div>
  );
}

/** Hands a file to the browser. Its content is in no address. */
function save(parts: string[], name: string, format: SecretFormat): void {
  const type = format === 'csv' ? 'text/csv' : 'application/jsonl';
  const url = URL.createObjectURL(new Blob(parts, { type }));
  const link = Object.assign(document.createElement('a'), { href: url, download: name });
  link.click();
  URL.revokeObjectURL(url);
}
