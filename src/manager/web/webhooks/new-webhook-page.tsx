/** The page that creates a webhook, and then shows its secret once. */

import { Button, Group, Stack } from '@mantine/core';
import { useForm } from '@mantine/form';
import { useState } from 'react';
import { Link, useLocation } from 'wouter';
import { type Webhook, WebhookService } from '../../../gen/usher/v1/webhooks_pb.ts';
import { useSession } from '../session.ts';
import { focusFirst } from '../tokens/token-form.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { useLeaveGuard } from '../ui/leave-guard.ts';
import { PageHeader } from '../ui/page-header.tsx';
import { useRequestId } from '../ui/use-request-id.ts';
import { useCall } from './use-call.ts';
import { WebhookFields } from './webhook-fields.tsx';
import { fieldsOf, formOf, useServerErrors, validate } from './webhook-form.ts';
import { WebhookSecret } from './webhook-secret.tsx';
import '../css/webhooks.css';

/** The page: first the form, then the secret. */
export default function NewWebhookPage() {
  const [made, setMade] = useState<{ webhook: Webhook; secret: string }>();
  const [, navigate] = useLocation();
  if (!made) return <NewWebhook onMade={setMade} />;
  return (
    <WebhookSecret
      webhook={made.webhook}
      secret={made.secret}
      onDone={() => {
        setMade(undefined);
        navigate(`/webhooks/${made.webhook.id}`, { replace: true });
      }}
    />
  );
}

function NewWebhook(props: { onMade: (made: { webhook: Webhook; secret: string }) => void }) {
  const { owners } = useSession();
  const form = useForm({ initialValues: formOf(undefined, owners), validate });
  const create = useCall(WebhookService.method.createWebhook);
  const requestId = useRequestId();
  useServerErrors(form, create.error);
  useLeaveGuard(form.isDirty() ? 'What you typed here would be lost.' : undefined);

  async function submit(values: typeof form.values) {
    const webhook = { ...fieldsOf(values), enabled: true };
    const answer = await create.run({ webhook, requestId: requestId.of(webhook) });
    if (answer?.webhook) props.onMade({ webhook: answer.webhook, secret: answer.secret });
  }

  return (
    <>
      <PageHeader
        title="New webhook"
        text="You will see the secret that signs its events only once."
      />
      <form onSubmit={form.onSubmit(values => void submit(values), focusFirst(form))} noValidate>
        <Stack maw={680} gap="lg">
          <div className="card padded">
            <WebhookFields form={form} />
          </div>
          {create.error && <ErrorPanel error={create.error} />}
          <Group>
            <Button type="submit" loading={create.isBusy}>
              Create webhook
            </Button>
            <Button component={Link} href="/webhooks" variant="subtle" color="gray">
              Cancel
            </Button>
          </Group>
        </Stack>
      </form>
    </>
  );
}
