/** The page that lists the access tokens. */

import { useInfiniteQuery } from '@connectrpc/connect-query';
import { Button, Center, Group, Text } from '@mantine/core';
import { IconKey, IconPlus, IconSearchOff } from '@tabler/icons-react';
import { keepPreviousData } from '@tanstack/react-query';
import { Link } from 'wouter';
import { AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { useSession } from '../session.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { FilterBar } from './filter-bar.tsx';
import { isFiltered, toRequest, useFilters } from './filters.ts';
import { TokensTable, TokensTableSkeleton } from './tokens-table.tsx';

const pageSize = 50;

/** The page; it loads the list in pages of 50. */
export function TokensPage() {
  const [filters, setFilters, clear] = useFilters();
  const { mayChange } = useSession();
  const list = useInfiniteQuery(
    AccessTokenService.method.list,
    { ...toRequest(filters), pageSize, pageToken: '' },
    {
      pageParamKey: 'pageToken',
      getNextPageParam: page => page.nextPageToken || undefined,
      placeholderData: keepPreviousData,
    },
  );
  const tokens = list.data?.pages.flatMap(page => page.accessTokens) ?? [];
  const total = list.data?.pages[0]?.totalSize ?? 0n;
  return (
    <>
      <PageHeader
        title="Access tokens"
        text="Static tokens for servers, and secret keys that sign JWTs for browsers and apps."
        actions={mayChange && <NewTokenButton />}
      />
      <FilterBar filters={filters} onChange={setFilters} onClear={clear} />
      {list.isPending && <TokensTableSkeleton />}
      {list.isError && <ErrorPanel error={list.error} onRetry={() => void list.refetch()} />}
      {list.isSuccess && tokens.length === 0 && !list.hasNextPage && (
        <Nothing filtered={isFiltered(filters)} onClear={clear} />
      )}
      {tokens.length > 0 && <TokensTable tokens={tokens} isStale={list.isPlaceholderData} />}
      {list.isSuccess && (
        <Group justify="space-between" mt="md">
          <Text size="sm" c="dimmed" role="status">
            {tokens.length.toLocaleString('en')} shown, {total.toLocaleString('en')} in all
          </Text>
        </Group>
      )}
      {list.hasNextPage && (
        <Center mt="xs">
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

function NewTokenButton() {
  return (
    <Button component={Link} href="/tokens/new" leftSection={<IconPlus size={18} aria-hidden />}>
      New access token
    </Button>
  );
}

function Nothing({ filtered, onClear }: { filtered: boolean; onClear: () => void }) {
  const { mayChange } = useSession();
  if (filtered) {
    return (
      <EmptyState
        icon={IconSearchOff}
        title="Nothing matches"
        text="Try other words or fewer filters."
      >
        <Button variant="default" onClick={onClear}>
          Clear filters
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={IconKey}
      title="No access tokens yet"
      text="Create the first one, paste the code that you get, and see it work within a minute."
    >
      {mayChange && <NewTokenButton />}
    </EmptyState>
  );
}
