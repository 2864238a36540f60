/** The dialog that changes the fields of an access token. */

import { Code } from '@connectrpc/connect';
import { useQuery } from '@connectrpc/connect-query';
import { Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { notifications } from '@mantine/notifications';
import { useState } from 'react';
import {
  type AccessToken,
  AccessTokenService,
  Kind,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { useSession } from '../session.ts';
import { useServerErrors } from '../tokens/server-errors.ts';
import { TokenFields } from '../tokens/token-fields.tsx';
import { fieldsOf, focusFirst, formOf, type TokenForm, validate } from '../tokens/token-form.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { Conflict } from './conflict.tsx';
import { type Rebased, rebase } from './rebase.ts';
import { useChange } from './use-change.ts';

const paths = [
  ...['name', 'owner', 'scopes', 'metadata', 'expire_time'],
  ...['allowed_sources', 'rate_limit', 'quota'],
];
function pathsOf(kind: Kind): string[] {
  const own = kind === Kind.JWT ? ['audiences', 'jwt_lifetime_max'] : ['grantable_scopes'];
  return [...paths, ...own];
}

/**
 * The dialog. It sends the revision, so that a change that someone else made is never overwritten
 * unseen: after such a conflict the form has their values where the user changed nothing.
 */
export function EditDialog(props: { token: AccessToken; onClose: () => void }) {
  const { onClose } = props;
  const { owners } = useSession();
  // What the form was filled from: its revision detects a change made since by others.
  const [token, setToken] = useState(props.token);
  const [conflict, setConflict] = useState<Rebased<TokenForm>>();
  const form = useForm({ initialValues: formOf(token), validate });
  const newest = useQuery(AccessTokenService.method.get, { id: token.id }, { enabled: false });
  const update = useChange(AccessTokenService.method.update, onFailure);
  useServerErrors(form, update.error);

  async function onFailure(code: Code): Promise<void> {
    if (code !== Code.Aborted) return;
    const now = (await newest.refetch()).data?.accessToken;
    if (now === undefined) return;
    const rebased = rebase(formOf(token), form.getValues(), formOf(now));
    setToken(now);
    setConflict(rebased);
    form.setValues(rebased.values);
  }

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

  const isStale = update.error?.code === Code.Aborted && conflict !== undefined;
  return (
    <Dialog
      onClose={onClose}
      title="Edit access token"
      size="lg"
      guard={form.isDirty() ? 'Your changes are not saved.' : undefined}
    >
      <DialogForm
        action="Save"
        isBusy={update.isBusy}
        error={isStale ? null : update.error}
        onSubmit={form.onSubmit(values => void submit(values), focusFirst(form))}
        onCancel={onClose}
      >
        <TokenFields form={form} kind={token.kind} />
        {owners && (
          <Text size="sm" c="dimmed">
            Allowed addresses, a rate limit and a quota that an administrator of all owners set can
            be made stricter here, but neither looser than that nor cleared.
          </Text>
        )}
        {isStale && <Conflict {...conflict} />}
      </DialogForm>
    </Dialog>
  );
}
