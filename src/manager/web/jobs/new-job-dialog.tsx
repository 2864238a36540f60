/** The dialog that describes a job, has it counted, and starts it. */

import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { NativeSelect, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { useLocation } from 'wouter';
import {
  type Job,
  type JobActSchema,
  type JobSelectionSchema,
  JobService,
} from '../../../gen/usher/v1/jobs_pb.ts';
import { useChange } from '../token/use-change.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { ReasonInput } from '../ui/reason-input.tsx';
import { JobProgress } from './job-progress.tsx';
import { StartPanel } from './start-panel.tsx';
import { useJob } from './use-jobs.ts';
import { sayJob } from './words.ts';

/** The acts that a job can make. */
export type ActKind = 'revoke' | 'rotate' | 'expiry' | 'owner';

/** What a job is about, with words for it such as "12 access tokens". */
export interface Chosen {
  selection: MessageInitShape<typeof JobSelectionSchema>;
  words: string;
}

const titles: Record<ActKind, string> = {
  revoke: 'Revoke',
  rotate: 'Rotate',
  expiry: 'Set the expiry of',
  owner: 'Change the owner of',
};

/** The dialog; `onStarted` is called when the job runs. */
export function NewJobDialog(props: {
  act: ActKind;
  chosen: Chosen;
  onClose: () => void;
  onStarted: () => void;
}) {
  const { act, chosen, onClose, onStarted } = props;
  const [id, setId] = useState<string>();
  const [, go] = useLocation();

  function started(job: Job) {
    notifications.show({ message: `${sayJob(job)}: the job is running.`, color: 'teal' });
    onClose();
    onStarted();
    go(`/jobs/${job.id}`);
  }

  return (
    <Dialog onClose={onClose} title={`${titles[act]} ${chosen.words}`}>
      {id === undefined ? (
        <Describe act={act} chosen={chosen} onClose={onClose} onMade={setId} />
      ) : (
        <Confirm id={id} onClose={onClose} onStarted={started} />
      )}
    </Dialog>
  );
}

function Confirm(props: { id: string; onClose: () => void; onStarted: (job: Job) => void }) {
  const { data } = useJob(props.id);
  const job = data?.job;
  if (job?.startBeforeTime) {
    return <StartPanel job={job} onStarted={props.onStarted} onCanceled={props.onClose} />;
  }
  if (job === undefined) return <Text role="status">Counting …</Text>;
  return job.endTime ? <Text role="alert">{job.endReason}</Text> : <JobProgress job={job} />;
}

const graces = [
  { value: '0', label: 'No time: they expire now' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
  { value: '604800', label: '7 days' },
  { value: '2592000', label: '30 days' },
];
const expiries = [
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'at', label: 'At a time' },
  { value: 'never', label: 'Never' },
];

function Describe(props: {
  act: ActKind;
  chosen: Chosen;
  onClose: () => void;
  onMade: (id: string) => void;
}) {
  const { act, chosen, onClose, onMade } = props;
  const [reason, setReason] = useState('');
  const [grace, setGrace] = useState('86400');
  const [expiry, setExpiry] = useState('90');
  const [at, setAt] = useState('');
  const [owner, setOwner] = useState('');
  const create = useChange(JobService.method.createJob);
  const time = expiry === 'at' ? new Date(at) : new Date(Date.now() + Number(expiry) * 86_400_000);
  const isWrong = act === 'expiry' && expiry !== 'never' && !(time.getTime() > Date.now());

  function actOf(): MessageInitShape<typeof JobActSchema> {
    if (act === 'revoke') return { act: { case: 'revoke', value: { reason: reason.trim() } } };
    if (act === 'rotate') {
      return { act: { case: 'rotate', value: { grace: { seconds: BigInt(grace) } } } };
    }
    if (act === 'owner') return { act: { case: 'setOwner', value: { owner: owner.trim() } } };
    const expireTime = expiry === 'never' ? {} : { expireTime: timestampFromDate(time) };
    return { act: { case: 'setExpiry', value: expireTime } };
  }

  async function submit() {
    if (isWrong) return;
    const answer = await create.run({ act: actOf(), selection: chosen.selection });
    if (answer?.job) onMade(answer.job.id);
  }

  return (
    <DialogForm
      action="Continue"
      isBusy={create.isBusy}
      error={create.error}
      disabled={isWrong}
      onSubmit={() => void submit()}
      onCancel={onClose}
    >
      <Text size="sm">
        {act === 'rotate'
          ? 'Each gets a new token or secret key. You download all of them in one file when the job has ended, within an hour.'
          : 'The server counts them first, and you confirm the count.'}
      </Text>
      {act === 'revoke' && <ReasonInput value={reason} onChange={setReason} />}
      {act === 'rotate' && (
        <NativeSelect
          label="The current ones stay valid for"
          data={graces}
          value={grace}
          onChange={event => setGrace(event.currentTarget.value)}
          data-autofocus
        />
      )}
      {act === 'expiry' && (
        <NativeSelect
          label="They expire"
          data={expiries}
          value={expiry}
          onChange={event => setExpiry(event.currentTarget.value)}
          data-autofocus
        />
      )}
      {act === 'expiry' && expiry === 'at' && (
        <TextInput
          type="datetime-local"
          label="Time"
          value={at}
          onChange={event => setAt(event.currentTarget.value)}
          error={at !== '' && isWrong ? 'Choose a time in the future.' : undefined}
        />
      )}
      {act === 'owner' && (
        <TextInput
          label="New owner"
          description="Empty for none."
          maxLength={128}
          value={owner}
          onChange={event => setOwner(event.currentTarget.value)}
          data-autofocus
        />
      )}
    </DialogForm>
  );
}
