/** What is shown in place of an empty list. */

import { Stack, Text, ThemeIcon, Title } from '@mantine/core';
import type { IconProps } from '@tabler/icons-react';
import type { ComponentType, ReactNode } from 'react';

/** An icon, a title and a text; `children` are what the user can do next. */
export function EmptyState(props: {
  icon: ComponentType<IconProps>;
  title: string;
  text?: ReactNode;
  heading?: 1 | 2 | 3;
  children?: ReactNode;
}) {
  return (
    <Stack align="center" gap="sm" py={64} px="md" ta="center">
      <ThemeIcon size={56} radius="xl" variant="light" aria-hidden>
        <props.icon size={28} stroke={1.5} />
      </ThemeIcon>
      <Title order={props.heading ?? 2} size="h4">
        {props.title}
      </Title>
      {props.text && (
        <Text c="dimmed" maw={420}>
          {props.text}
        </Text>
      )}
      {props.children}
    </Stack>
  );
}
