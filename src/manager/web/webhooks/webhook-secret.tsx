/** Shows the secret of a webhook, once, with code that verifies with it. */

import { Alert, Button, Checkbox, Group, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import type { Webhook } from '../../../gen/usher/v1/webhooks_pb.ts';
import { CopyButton } from '../ui/copy.tsx';
import { useLeaveGuard } from '../ui/leave-guard.ts';
import { useTitle } from '../ui/use-title.ts';
import { When } from '../ui/when.tsx';
import { VerifyCode } from './verify-code.tsx';

/** The secret of `webhook`; on `onDone` the parent must drop it. */
export function WebhookSecret(props: {
  webhook: Webhook;
  secret: string;
  rotated?: boolean;
  onDone: () => void;
}) {
  const { webhook, secret, rotated = false } = props;
  const [isSafe, setSafe] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  useTitle(rotated ? 'New secret' : 'Webhook created');
  useEffect(() => heading.current?.focus(), []);
  useLeaveGuard(
    isSafe ? undefined : 'The secret is shown only now, and you have not stored it yet.',
  );
  return (
    <Stack gap="lg" maw={860}>
      <div>
        <Title order={1} size="h2" ref={heading} tabIndex={-1} className="no-ring">
          {rotated ? 'The new secret of the webhook' : 'The webhook is ready'}
        </Title>
        <Text c="dimmed" mt={4}>
          Copy the secret now. It will not be shown again.{' '}
          {webhook.formerSecretUntil && (
            <>
              The former one signs, too, until <When time={webhook.formerSecretUntil} />.
            </>
          )}
        </Text>
      </div>
      <div className="card padded reveal">
        <Text size="sm" fw={600} mb={6}>
          Secret
        </Text>
        <code className="secret" data-testid="secret">
          {secret}
        </code>
        <Group mt="md" gap="md">
          <CopyButton value={secret} what="secret" onCopied={() => setSafe(true)} />
        </Group>
      </div>
      <Alert data-tone="warn" icon={<IconAlertTriangle aria-hidden />}>
        Never commit it. With it, anyone can send your program events that look like Usher’s.
      </Alert>
      <VerifyCode secret={secret} />
      <Group justify="space-between" className="reveal-end">
        <Checkbox
          label="I have stored the secret"
          checked={isSafe}
          onChange={event => setSafe(event.currentTarget.checked)}
        />
        <Button onClick={props.onDone} disabled={!isSafe}>
          Done
        </Button>
      </Group>
    </Stack>
  );
}
