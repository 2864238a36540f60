/** Shows a new static token or secret key, once, with code that uses it. */

import { Alert, Button, Checkbox, Group, Stack, Text, Title } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useEffect, useRef, useState } from 'react';
import { type AccessToken, Kind } from '../../../gen/usher/v1/access_token_pb.ts';
import { SnippetPanel } from '../code/snippet-panel.tsx';
import { CopyButton, CopyIcon } from '../ui/copy.tsx';
import { useLeaveGuard } from '../ui/leave-guard.ts';
import { useTitle } from '../ui/use-title.ts';

/** The secret of `token`; on `onDone` the parent must drop it. */
export function Reveal(props: {
  token: AccessToken;
  secret: string;
  rotated?: boolean;
  onDone: () => void;
}) {
  const { token, secret } = props;
  const [isSafe, setSafe] = useState(false);
  const heading = useRef<HTMLHeadingElement>(null);
  const isJwt = token.kind === Kind.JWT;
  const word = isJwt ? 'secret key' : 'token';
  useTitle(props.rotated ? `New ${word}` : 'Access token created');
  useEffect(() => heading.current?.focus(), []);
  useLeaveGuard(
    isSafe ? undefined : `The ${word} is shown only now, and you have not stored it yet.`,
  );
  return (
    <Stack gap="lg" maw={860}>
      <div>
        <Title order={1} size="h2" ref={heading} tabIndex={-1} className="no-ring">
          {props.rotated ? `The new ${word} of ${token.name}` : `${token.name} is ready`}
        </Title>
        <Text c="dimmed" mt={4}>
          Copy the {word} now. It will not be shown again.
        </Text>
      </div>
      <div className="card padded reveal">
        <Text size="sm" fw={600} mb={6}>
          {isJwt ? 'Secret key' : 'Token'}
        </Text>
        <code className="secret" data-testid="secret">
          {secret}
        </code>
        <Group mt="md" gap="md">
          <CopyButton value={secret} what={word} onCopied={() => setSafe(true)} />
          {isJwt && (
            <Group gap={6} wrap="nowrap">
              <Text size="sm" c="dimmed">
                kid
              </Text>
              <code className="kid">{token.id}</code>
              <CopyIcon value={token.id} what="kid" />
            </Group>
          )}
        </Group>
      </div>
      <Alert data-tone="warn" icon={<IconAlertTriangle aria-hidden />}>
        Never commit it. Keep it in a secret manager or an environment variable.
      </Alert>
      <SnippetPanel token={token} secret={secret} />
      <Group justify="space-between" className="reveal-end">
        <Checkbox
          label={`I have stored the ${word}`}
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
