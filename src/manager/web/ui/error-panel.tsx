/** An error for the user, with a button to try again. */

import { ConnectError } from '@connectrpc/connect';
import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { explain } from './explain.ts';

/** Shows an error in place of the content; without `onRetry` there is no button. */
export function ErrorPanel({ error, onRetry }: { error: Error; onRetry?: () => void }) {
  const { title, text } = explain(ConnectError.from(error));
  return (
    <Alert role="alert" data-tone="bad" icon={<IconAlertTriangle aria-hidden />} title={title}>
      <Group justify="space-between" align="end">
        <Text size="sm">{text}</Text>
        {onRetry && (
          <Button size="xs" variant="default" onClick={onRetry}>
            Try again
          </Button>
        )}
      </Group>
    </Alert>
  );
}
