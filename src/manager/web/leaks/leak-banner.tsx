/** The leaks of one access token, at the top of its page. */

import { useQuery } from '@connectrpc/connect-query';
import { Stack } from '@mantine/core';
import { LeakService } from '../../../gen/usher/v1/leaks_pb.ts';
import { LeakCard } from './leak-card.tsx';

/** The leaks that are not dismissed; nothing when there are none, or they cannot be read. */
export function LeakBanner({ tokenId }: { tokenId: string }) {
  const { data } = useQuery(LeakService.method.listLeaks, { tokenId });
  if (!data || data.leaks.length === 0) return null;
  return (
    <Stack mb="lg" role="region" aria-label="Leaks">
      {data.leaks.map(leak => (
        <LeakCard key={leak.id} leak={leak} isAlone />
      ))}
    </Stack>
  );
}
