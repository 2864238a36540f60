/** The dialog that revokes some JWTs of an access token, while the access token stays active. */

import { timestampFromDate } from '@bufbuild/protobuf/wkt';
import { SegmentedControl, Text, TextInput } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import { type AccessToken, AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { localTime } from '../tokens/token-form.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { ReasonInput } from '../ui/reason-input.tsx';
import { useChange } from './use-change.ts';

type By = 'jti' | 'subject' | 'issuedBefore';

const fields = {
  jti: { label: 'jti', description: 'The JWT with this id.' },
  subject: {
    label: 'Subject',
    description: 'All JWTs with this "sub" that were issued until now.',
  },
  issuedBefore: {
    label: 'Issued before',
    description: 'All JWTs that were issued before this time or have no "iat".',
  },
};

/** The dialog: JWTs are chosen by jti, by subject or by time of issue. */
export function RevokeJwtsDialog({ token, onClose }: { token: AccessToken; onClose: () => void }) {
  const [by, setBy] = useState<By>('jti');
  const [value, setValue] = useState('');
  const [reason, setReason] = useState('');
  const revoke = useChange(AccessTokenService.method.revokeJwts);

  function choose(next: By) {
    setBy(next);
    setValue(next === 'issuedBefore' ? localTime(new Date(), 'second') : '');
  }

  async function submit() {
    if (value.trim() === '') return;
    const target =
      by === 'issuedBefore'
        ? { case: by, value: timestampFromDate(new Date(value)) }
        : { case: by, value: value.trim() };
    if (!(await revoke.run({ id: token.id, target, reason: reason.trim() }))) return;
    notifications.show({ message: 'Usher refuses these JWTs from now on.', color: 'teal' });
    onClose();
  }

  return (
    <Dialog onClose={onClose} title="Revoke JWTs">
      <DialogForm
        action="Revoke these JWTs"
        isDangerous
        disabled={value.trim() === ''}
        isBusy={revoke.isBusy}
        error={revoke.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <Text size="sm">
          <strong>{token.name}</strong> stays active. Usher refuses only the JWTs that you choose.
        </Text>
        <SegmentedControl
          aria-label="Which JWTs"
          value={by}
          onChange={next => choose(next as By)}
          data={[
            { value: 'jti', label: 'One, by jti' },
            { value: 'subject', label: 'By subject' },
            { value: 'issuedBefore', label: 'By time' },
          ]}
        />
        <TextInput
          {...fields[by]}
          type={by === 'issuedBefore' ? 'datetime-local' : 'text'}
          step={1}
          maxLength={256}
          value={value}
          onChange={event => setValue(event.currentTarget.value)}
          autoComplete="off"
          spellCheck={false}
          required
        />
        <ReasonInput value={reason} onChange={setReason} />
      </DialogForm>
    </Dialog>
  );
}
