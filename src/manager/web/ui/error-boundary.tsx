/** Shows a message in place of a page that failed to load or to render. */

import { Alert, Button, Group, Text } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';
import { Component, type ReactNode } from 'react';

/** Without this, an error of a page would empty the whole window. */
export class ErrorBoundary extends Component<{ children: ReactNode }, { failed: boolean }> {
  override state = { failed: false };

  /** React calls this with each error of the children. */
  static getDerivedStateFromError() {
    return { failed: true };
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <Alert
        role="alert"
        m="md"
        data-tone="bad"
        icon={<IconAlertTriangle aria-hidden />}
        title="This page cannot be shown"
      >
        <Group justify="space-between" align="end">
          <Text size="sm">The server may have been upgraded, or cannot be reached.</Text>
          <Button size="xs" variant="default" onClick={() => window.location.reload()}>
            Reload
          </Button>
        </Group>
      </Alert>
    );
  }
}
