/** The dialog that rotates an access token: it gets a new static token or secret key. */

import { NativeSelect, Text } from '@mantine/core';
import { useState } from 'react';
import {
  type AccessToken,
  AccessTokenService,
  Kind,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { DurationInput } from '../ui/duration-input.tsx';
import { useChange } from './use-change.ts';

const graceChoices = [
  { value: '0', label: 'No time: it expires now' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
  { value: '604800', label: '7 days' },
  { value: '2592000', label: '30 days' },
  { value: 'other', label: 'Another time' },
];
const graceSecondsMax = 30 * 86_400;

/** The dialog; `onRotated` gets the new secret, which the server never sends again. */
export function RotateDialog(props: {
  token: AccessToken;
  onClose: () => void;
  onRotated: (rotated: { token: AccessToken; secret: string }) => void;
}) {
  const { token, onClose, onRotated } = props;
  const [choice, setChoice] = useState('86400');
  const [other, setOther] = useState<number | undefined>(3_600);
  const rotate = useChange(AccessTokenService.method.rotate);
  const word = token.kind === Kind.JWT ? 'secret key' : 'token';
  const seconds = choice === 'other' ? other : Number(choice);
  const isWrong = seconds === undefined || seconds > graceSecondsMax;

  async function submit() {
    if (isWrong) return;
    const { id, revision } = token;
    const answer = await rotate.run({ id, revision, grace: { seconds: BigInt(seconds) } });
    if (!answer?.accessToken) return;
    onClose();
    onRotated({ token: answer.accessToken, secret: answer.token || answer.secret });
  }

  return (
    <Dialog onClose={onClose} title={`Rotate the ${word}`}>
      <DialogForm
        action="Rotate"
        isBusy={rotate.isBusy}
        error={rotate.error}
        onSubmit={() => void submit()}
        onCancel={onClose}
      >
        <Text size="sm">
          <strong>{token.name}</strong> gets a new {word}, which is shown once. The current one can
          stay valid for a while, so that you can switch without an outage.
        </Text>
        <NativeSelect
          label={`The current ${word} stays valid for`}
          data={graceChoices}
          value={choice}
          onChange={event => setChoice(event.currentTarget.value)}
          data-autofocus
        />
        {choice === 'other' && (
          <DurationInput
            label="Grace period"
            value={other}
            onChange={setOther}
            error={isWrong ? 'Choose between 0 seconds and 30 days.' : undefined}
          />
        )}
        {token.previousSecretExpireTime && (
          <Text size="sm" c="dimmed">
            The previous {word} is still in its grace period. It expires now.
          </Text>
        )}
      </DialogForm>
    </Dialog>
  );
}
