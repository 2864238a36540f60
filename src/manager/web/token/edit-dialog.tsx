/** Changes the fields of an access token. */

import { Button, Group, Modal, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import {
  type AccessToken,
  AccessTokenService,
  Kind,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { TokenFields } from '../tokens/token-fields.tsx';
import { fieldsOf, formOf, validate } from '../tokens/token-form.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { useChange } from './use-change.ts';

const paths = ['name', 'owner', 'scopes', 'metadata', 'expire_time'];
const jwtPaths = ['audiences', 'jwt_lifetime_max'];

/** The dialog. */
export function EditDialog({ token, onClose }: { token: AccessToken; onClose: () => void }) {
  const form = useForm({ initialValues: formOf(token), validate });
  const update = useChange(AccessTokenService.method.update);

  async function submit(values: typeof form.values) {
    const { id, revision } = token;
    const done = await update.run({
      accessToken: { id, revision, ...fieldsOf(values, token) },
      updateMask: { paths: token.kind === Kind.JWT ? [...paths, ...jwtPaths] : paths },
    });
    if (!done) return;
    notifications.show({ message: `${values.name} was changed.`, color: 'teal' });
    onClose();
  }

  return (
    <Modal
      opened
      onClose={onClose}
      title="Edit access token"
      size="lg"
      closeButtonProps={{ 'aria-label': 'Close' }}
    >
      <form onSubmit={form.onSubmit(values => void submit(values))} noValidate>
        <Stack>
          <TokenFields form={form} kind={token.kind} />
          {update.error && <ErrorPanel error={update.error} />}
          <Group justify="flex-end">
            <Button variant="default" onClick={onClose}>
              Cancel
            </Button>
            <Button type="submit" loading={update.isBusy}>
              Save
            </Button>
          </Group>
        </Stack>
      </form>
    </Modal>
  );
}
