/** The dialogs of a webhook: change its fields, make a new secret, remove it. */

import { NativeSelect, Text } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { type Webhook, WebhookService } from '../../../gen/usher/v1/webhooks_pb.ts';
import { focusFirst } from '../tokens/token-form.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { useRequestId } from '../ui/use-request-id.ts';
import { useCall } from './use-call.ts';
import { WebhookFields } from './webhook-fields.tsx';
import {
  fieldPaths,
  fieldsOf,
  formOf,
  useServerErrors,
  validate,
  type WebhookForm,
} from './webhook-form.ts';
import { hostOf } from './webhooks-page.tsx';

/** Changes what was edited, and nothing else: what others change meanwhile stays. */
export function EditDialog({ webhook, onClose }: { webhook: Webhook; onClose: () => void }) {
  const [initialValues] = useState(() => formOf(webhook));
  const form = useForm({ initialValues, validate });
  const update = useCall(WebhookService.method.updateWebhook);
  useServerErrors(form, update.error);

  async function submit(values: WebhookForm) {
    const paths = fieldPaths.filter(path => form.isDirty(inputOf(path)));
    if (paths.length === 0) {
      onClose();
      return;
    }
    const changed = { ...fieldsOf(values), id: webhook.id };
    if (await update.run({ webhook: changed, updateMask: { paths } })) onClose();
  }

  return (
    <Dialog
      onClose={onClose}
      title="Edit the webhook"
      size="lg"
      guard={form.isDirty() ? 'What you typed here would be lost.' : undefined}
    >
      <DialogForm
        action="Save"
        isBusy={update.isBusy}
        error={update.error}
        onSubmit={form.onSubmit(values => void submit(values), focusFirst(form))}
        onCancel={onClose}
      >
        <WebhookFields form={form} />
      </DialogForm>
    </Dialog>
  );
}

function inputOf(path: string): keyof WebhookForm {
  return path === 'expiring_days' ? 'expiringDays' : (path as keyof WebhookForm);
}

const graceChoices = [
  { value: '0', label: 'No time: it ends now' },
  { value: '3600', label: '1 hour' },
  { value: '86400', label: '1 day' },
  { value: '604800', label: '7 days' },
  { value: '2592000', label: '30 days' },
];

/** Makes a new secret; `onRotated` gets it, which the server never sends again. */
export function RotateDialog(props: {
  webhook: Webhook;
  onClose: () => void;
  onRotated: (made: { webhook: Webhook; secret: string }) => void;
}) {
  const [grace, setGrace] = useState('86400');
  const rotate = useCall(WebhookService.method.rotateWebhookSecret);
  const requestId = useRequestId();

  async function submit() {
    const asked = { id: props.webhook.id, grace: { seconds: BigInt(grace) } };
    const answer = await rotate.run({ ...asked, requestId: requestId.of(asked) });
    if (!answer?.webhook) return;
    props.onClose();
    props.onRotated({ webhook: answer.webhook, secret: answer.secret });
  }

  return (
    <Dialog onClose={props.onClose} title="Rotate the secret">
      <DialogForm
        action="Rotate"
        isBusy={rotate.isBusy}
        error={rotate.error}
        onSubmit={() => void submit()}
        onCancel={props.onClose}
      >
        <Text size="sm">
          The webhook gets a new secret, which is shown once. Meanwhile each event has two
          signatures, so that the receiver can switch without losing one.
        </Text>
        <NativeSelect
          label="The current secret signs, too, for"
          data={graceChoices}
          value={grace}
          onChange={event => setGrace(event.currentTarget.value)}
          data-autofocus
        />
      </DialogForm>
    </Dialog>
  );
}

/** Removes it. */
export function RemoveDialog(props: {
  webhook: Webhook;
  onClose: () => void;
  onRemoved: () => void;
}) {
  const { webhook, onClose } = props;
  const remove = useCall(WebhookService.method.removeWebhook);
  return (
    <Dialog onClose={onClose} title="Remove the webhook">
      <DialogForm
        action="Remove"
        isDangerous
        isBusy={remove.isBusy}
        error={remove.error}
        onSubmit={() => {
          void remove.run({ id: webhook.id }).then(answer => answer && props.onRemoved());
        }}
        onCancel={onClose}
      >
        <Text size="sm">
          <strong>{webhook.description || hostOf(webhook.url)}</strong> gets no more events. What
          waits to be delivered, and the list of its deliveries, are removed. This cannot be undone.
        </Text>
      </DialogForm>
    </Dialog>
  );
}
