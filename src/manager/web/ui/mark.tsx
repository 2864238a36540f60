/** The product's logo. */

import { Group, Text } from '@mantine/core';

/** The logo with the names of the product and of the web app. */
export function Mark({ size = 'md' }: { size?: 'md' | 'lg' }) {
  const pixels = size === 'lg' ? 40 : 30;
  return (
    <Group gap={10} wrap="nowrap">
      <svg width={pixels} height={pixels} viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="9" fill="#4f46e5" />
        <path
          d="M9.5 8v9.2a6.5 6.5 0 0 0 13 0V8"
          fill="none"
          stroke="#fff"
          strokeWidth="3.4"
          strokeLinecap="round"
        />
        <circle cx="16" cy="16.6" r="2.1" fill="#a5f3fc" />
      </svg>
      <div>
        <Text fw={700} lh={1.1} size={size === 'lg' ? 'xl' : 'md'} className="mark-name">
          Usher
        </Text>
        <Text c="dimmed" lh={1.2} size={size === 'lg' ? 'sm' : 'xs'}>
          API Manager
        </Text>
      </div>
    </Group>
  );
}
