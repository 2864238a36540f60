/** The page for an address that has none. */

import { Button } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link } from 'wouter';
import { EmptyState } from './empty-state.tsx';
import { useTitle } from './use-title.ts';

/** Says so, and leads back. */
export function NotFound() {
  useTitle('Not found');
  return (
    <EmptyState icon={IconMapOff} title="There is no page here" heading={1}>
      <Button component={Link} href="/" variant="default">
        To the access tokens
      </Button>
    </EmptyState>
  );
}
