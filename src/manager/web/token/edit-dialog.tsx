/** The dialog that changes the fields of an access token. */

import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import {
  type AccessToken,
  AccessTokenService,
  Kind,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { useServerErrors } from '../tokens/server-errors.ts';
import { TokenFields } from '../tokens/token-fields.tsx';
import { fieldsOf, focusFirst, formOf, validate } from '../tokens/token-form.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { useChange } from './use-change.ts';

const paths = [
  ...['name', 'owner', 'scopes', 'metadata', 'expire_time'],
  ...['allowed_sources', 'rate_limit', 'quota'],
];
function pathsOf(kind: Kind): string[] {
  const own = kind === Kind.JWT ? ['audiences', 'jwt_lifetime_max'] : ['grantable_scopes'];
  return [...paths, ...own];
}

/** The dialog; it sends the revision, so a change that someone else made is never overwritten. */
export function EditDialog(props: { token: AccessToken; onClose: () => void }) {
  const { onClose } = props;
  // The record as of the opening of the dialog: its revision detects a change made since by others.
  const [token] = useState(props.token);
  const form = useForm({ initialValues: formOf(token), validate });
  const update = useChange(AccessTokenService.method.update);
  useServerErrors(form, update.error);

  async function submit(values: typeof form.values) {
    const { id, revision } = token;
    const done = await update.run({
      accessToken: { id, revision, ...fieldsOf(values, token) },
      updateMask: { paths: pathsOf(token.kind) },
    });
    if (!done) return;
    notifications.show({ message: `${values.name} was updated.`, color: 'teal' });
    onClose();
  }

  return (
    <Dialog onClose={onClose} title="Edit access token" size="lg">
      <DialogForm
        action="Save"
        isBusy={update.isBusy}
        error={update.error}
        onSubmit={form.onSubmit(values => void submit(values), focusFirst(form))}
        onCancel={onClose}
      >
        <TokenFields form={form} kind={token.kind} />
      </DialogForm>
    </Dialog>
  );
}
