/** A list of events of the audit log, newest first. */

import { useInfiniteQuery } from '@connectrpc/connect-query';
import { Button, Center, Skeleton, Stack } from '@mantine/core';
import { IconHistoryOff } from '@tabler/icons-react';
import { AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { AuditEventRow } from './audit-event-row.tsx';

/** The events of one access token, or all events if `tokenId` is "". */
export function AuditList({ tokenId }: { tokenId: string }) {
  const list = useInfiniteQuery(
    AccessTokenService.method.listAuditEvents,
    { tokenId, pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: page => page.nextPageToken || undefined },
  );
  if (list.isPending) {
    return (
      <Stack gap="xs" aria-busy="true" aria-label="Loading the audit log">
        <Skeleton h={54} />
        <Skeleton h={54} />
        <Skeleton h={54} />
        <Skeleton h={54} />
      </Stack>
    );
  }
  if (!list.data) return <ErrorPanel error={list.error} onRetry={() => void list.refetch()} />;
  const events = list.data.pages.flatMap(page => page.events);
  if (events.length === 0 && !list.hasNextPage) {
    return <EmptyState icon={IconHistoryOff} title="No events yet" />;
  }
  return (
    <>
      <ol className="card audit-list">
        {events.map(event => (
          <AuditEventRow key={String(event.sequence)} event={event} withToken={tokenId === ''} />
        ))}
      </ol>
      {list.hasNextPage && (
        <Center mt="md">
          <Button
            variant="default"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Load more
          </Button>
        </Center>
      )}
    </>
  );
}
