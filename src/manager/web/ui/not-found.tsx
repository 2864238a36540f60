/** The page for an unknown path. */

import { Button } from '@mantine/core';
import { IconMapOff } from '@tabler/icons-react';
import { Link } from 'wouter';
import { EmptyState } from './empty-state.tsx';
import { useTitle } from './use-title.ts';

/** Says that there is no page, and links to the list of access tokens. */
export function NotFound() {
  useTitle('Not found');
  return (
    <EmptyState icon={IconMapOff} title="There is no page here" heading={1}>
      <Button component={Link} href="/" variant="default">
        Go to the access tokens
      </Button>
    </EmptyState>
  );
}
