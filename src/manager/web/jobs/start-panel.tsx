/** Confirms a counted job: it names the count, and for a revocation of more than a few asks for it. */

import { Alert, Text, TextInput } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { type Job, JobService } from '../../../gen/usher/v1/jobs_pb.ts';
import { useChange } from '../token/use-change.ts';
import { DialogForm } from '../ui/dialog-form.tsx';
import { sayCount, sayJob, sayTokens } from './words.ts';

/** Revocations of more access tokens than this are confirmed by typing their count. */
const untypedMax = 3;

/** The form that starts a job, and the one that cancels it. */
export function StartPanel(props: {
  job: Job;
  onStarted?: (job: Job) => void;
  onCanceled?: () => void;
}) {
  const { job, onStarted, onCanceled } = props;
  const start = useChange(JobService.method.startJob);
  const cancel = useChange(JobService.method.cancelJob);
  const [typed, setTyped] = useState('');
  const isRevocation = job.act?.act.case === 'revoke';
  const isTyped = isRevocation && job.count > untypedMax;
  const isConfirmed = !isTyped || typed.replace(/[\s,.']/g, '') === String(job.count);

  async function submit() {
    if (!isConfirmed || job.count === 0) return;
    const answer = await start.run({ id: job.id, count: job.count });
    if (answer?.job) onStarted?.(answer.job);
  }
  async function drop() {
    await cancel.run({ id: job.id });
    onCanceled?.();
  }

  return (
    <DialogForm
      action={isRevocation ? 'Revoke permanently' : 'Start'}
      isDangerous={isRevocation}
      disabled={!isConfirmed || job.count === 0}
      isBusy={start.isBusy}
      error={start.error}
      onSubmit={() => void submit()}
      onCancel={() => void drop()}
    >
      <Text fw={600} className="wrap-anywhere" role="status">
        {job.count === 0 ? 'No access token is selected.' : `${sayJob(job)}?`}
      </Text>
      {job.leftOut > 0 && (
        <Text size="sm" c="dimmed">
          {sayTokens(job.leftOut)} that match are revoked already, and left out.
        </Text>
      )}
      {isRevocation && job.count > 0 && (
        <Alert data-tone="warn" icon={<IconAlertTriangle aria-hidden />}>
          Usher will refuse every request with them. This can't be undone.
        </Alert>
      )}
      {isTyped && (
        <TextInput
          label={
            <>
              Type <strong className="typed-name">{sayCount(job.count)}</strong> to confirm
            </>
          }
          value={typed}
          inputMode="numeric"
          onChange={event => setTyped(event.currentTarget.value)}
          autoComplete="off"
          data-autofocus
        />
      )}
      <Text size="sm" c="dimmed">
        It is about what was just counted: access tokens made later are not touched.
      </Text>
    </DialogForm>
  );
}
