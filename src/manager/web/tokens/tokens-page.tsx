/** The page that lists the access tokens. */

import { Button, Group } from '@mantine/core';
import { IconPlus } from '@tabler/icons-react';
import { Link } from 'wouter';
import { useSession } from '../session.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { BulkBar, useChoice } from './bulk-bar.tsx';
import { ColumnChoice } from './column-choice.tsx';
import { useShownColumns } from './columns.ts';
import { FilterBar } from './filter-bar.tsx';
import { isFiltered, useFilters } from './filters.ts';
import { PageTurner, SearchProgress } from './list-status.tsx';
import { NoTokens } from './no-tokens.tsx';
import type { Rows } from './read-rows.ts';
import { TokensTable, TokensTableSkeleton } from './tokens-table.tsx';
import { useTokenList } from './use-token-list.ts';

/** The page. */
export function TokensPage() {
  const [filters, setFilters, clear] = useFilters();
  const [columns, setColumns] = useShownColumns();
  const { mayChange } = useSession();
  const list = useTokenList(filters);
  const choice = useChoice(filters);
  const { page, error } = list;
  const filtered = isFiltered(filters);
  const create = mayChange && <NewTokenButton />;
  return (
    <>
      <PageHeader
        title="Access tokens"
        text="Static tokens for servers, and secret keys that sign JWTs for browsers and apps."
        actions={
          <Group gap="sm">
            <ColumnChoice shown={columns} onChange={setColumns} />
            {create}
          </Group>
        }
      />
      <FilterBar filters={filters} onChange={setFilters} onClear={clear} />
      {mayChange && <BulkBar filters={filters} choice={choice} matching={sayMatching(page)} />}
      <SearchProgress list={list} />
      {error !== null && <ErrorPanel error={error} onRetry={list.retry} />}
      {page === undefined && error === null && <TokensTableSkeleton columns={columns} />}
      {page !== undefined && page.rows.length > 0 && (
        <TokensTable
          tokens={page.rows}
          columns={columns}
          sort={filters.sort}
          onSort={sort => setFilters({ sort })}
          isStale={list.isStale}
          selection={mayChange ? choice : undefined}
        />
      )}
      {page !== undefined && page.rows.length === 0 && !list.isSearching && error === null && (
        <NoTokens
          page={page}
          filters={filters}
          onChange={setFilters}
          onClear={clear}
          onSearchOn={list.next}
          create={create}
        />
      )}
      {error === null && <PageTurner list={list} filtered={filtered} />}
    </>
  );
}

/** How many match, as far as is known: "1,234", "1,234 or more". */
function sayMatching(page: Rows | undefined): string {
  if (page === undefined) return '';
  const count = page.matching.toLocaleString('en');
  return page.isCounted || page.next === '' ? count : `${count} or more`;
}

function NewTokenButton() {
  return (
    <Button component={Link} href="/tokens/new" leftSection={<IconPlus size={18} aria-hidden />}>
      New access token
    </Button>
  );
}
