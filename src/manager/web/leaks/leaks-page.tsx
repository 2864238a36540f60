/** The list of credentials that were reported as leaked. */

import { useQuery } from '@connectrpc/connect-query';
import { Skeleton, Stack, Switch } from '@mantine/core';
import { IconShieldCheck } from '@tabler/icons-react';
import { useState } from 'react';
import { LeakService } from '../../../gen/usher/v1/leaks_pb.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { LeakCard } from './leak-card.tsx';

/** The page: leaks that need someone first, with a switch for those that were dismissed. */
export default function LeaksPage() {
  const [withDismissed, setWithDismissed] = useState(false);
  const list = useQuery(LeakService.method.listLeaks, { withDismissed });
  return (
    <>
      <PageHeader
        title="Leaks"
        text="Tokens, secret keys and JWTs that scanners found where they should not be, and what Usher did about them."
        actions={
          <Switch
            label="Also dismissed ones"
            checked={withDismissed}
            onChange={event => setWithDismissed(event.currentTarget.checked)}
          />
        }
      />
      {list.isError && <ErrorPanel error={list.error} onRetry={() => void list.refetch()} />}
      {list.isPending && <Skeleton h={160} />}
      <Stack>
        {list.data?.leaks.map(leak => (
          <LeakCard key={leak.id} leak={leak} />
        ))}
        {list.data?.leaks.length === 0 && (
          <div className="card">
            <EmptyState
              icon={IconShieldCheck}
              title={withDismissed ? 'No leak was reported' : 'No leak needs you'}
              text="Reports come from GitHub's secret scanning and from scanners that know the secret of this server, once they are set up."
            />
          </div>
        )}
      </Stack>
    </>
  );
}
