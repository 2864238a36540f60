/** The header of a page. */

import { Group, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTitle } from './use-title.ts';

/** The title, a sentence about the page, and buttons; it also sets the document's title. */
export function PageHeader(props: { title: string; text?: ReactNode; actions?: ReactNode }) {
  useTitle(props.title);
  return (
    <Group justify="space-between" align="flex-start" mb="lg" gap="md">
      <div style={{ overflowWrap: 'anywhere' }}>
        <Title order={1} size="h2">
          {props.title}
        </Title>
        {props.text && (
          <Text c="dimmed" mt={4} maw={720} size="sm">
            {props.text}
          </Text>
        )}
      </div>
      {props.actions}
    </Group>
  );
}
