/** The table of access tokens, which becomes a list of cards on a phone. */

import { Checkbox, Skeleton, Table, UnstyledButton } from '@mantine/core';
import { IconArrowDown, IconArrowsSort, IconArrowUp } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';
import { ariaSort, type Column, nextSort } from './columns.ts';
import type { SortName } from './filters.ts';
import { type Selection, useRangeSelection } from './selection.ts';
import { Row } from './token-row.tsx';

/** The table. */
export function TokensTable(props: {
  tokens: AccessToken[];
  columns: readonly Column[];
  sort: SortName;
  onSort: (sort: SortName) => void;
  /** Dims the rows while newer ones are loading. */
  isStale: boolean;
  /** Adds a checkbox to each row, and one for all rows; absent for none. */
  selection?: Selection | undefined;
}) {
  const { tokens, columns, sort, onSort, isStale, selection } = props;
  const select = useRangeSelection(tokens, selection);
  return (
    <div className="card table-card" data-stale={isStale || undefined} aria-busy={isStale}>
      <Table
        className="cards-on-phone"
        verticalSpacing="sm"
        horizontalSpacing="md"
        highlightOnHover
      >
        <Table.Thead>
          <Table.Tr>
            {selection && (
              <Table.Th className="cell-select">
                <SelectAll tokens={tokens} selection={selection} />
              </Table.Th>
            )}
            {columns.map(column => (
              <Head key={column.id} column={column} sort={sort} onSort={onSort} />
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {tokens.map(token => (
            <Row
              key={token.id}
              token={token}
              columns={columns}
              isSelected={selection?.ids.has(token.id)}
              onSelect={select}
            />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Head(props: { column: Column; sort: SortName; onSort: (sort: SortName) => void }) {
  const { column, sort, onSort } = props;
  const order = ariaSort(column, sort);
  const next = nextSort(column, sort);
  if (next === undefined) return <Table.Th>{column.title}</Table.Th>;
  return (
    <Table.Th aria-sort={order}>
      <UnstyledButton className="sort" onClick={() => onSort(next)}>
        {column.title}
        {order === 'ascending' && <IconArrowUp size={14} aria-hidden />}
        {order === 'descending' && <IconArrowDown size={14} aria-hidden />}
        {order === 'none' && <IconArrowsSort size={14} aria-hidden className="sort-idle" />}
      </UnstyledButton>
    </Table.Th>
  );
}

function SelectAll({ tokens, selection }: { tokens: AccessToken[]; selection: Selection }) {
  const selected = tokens.filter(({ id }) => selection.ids.has(id)).length;
  const isAll = selected > 0 && selected === tokens.length;
  return (
    <Checkbox
      size="xs"
      aria-label="Select all rows"
      checked={isAll}
      indeterminate={selected > 0 && !isAll}
      onChange={() => selection.onChange(tokens, !isAll)}
    />
  );
}

const skeletonRows = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** A placeholder until the first rows are loaded. */
export function TokensTableSkeleton({ columns }: { columns: readonly Column[] }) {
  const cells = (make: (column: Column) => ReactNode) => columns.map(make);
  return (
    <div className="card table-card" aria-busy="true">
      <Table verticalSpacing="sm" horizontalSpacing="md" aria-label="Loading access tokens">
        <Table.Thead>
          <Table.Tr>
            {cells(({ id, title }) => (
              <Table.Th key={id}>{title}</Table.Th>
            ))}
          </Table.Tr>
        </Table.Thead>
        <Table.Tbody>
          {skeletonRows.map(row => (
            <Table.Tr key={row}>
              {cells(({ id }) => (
                <Table.Td key={id}>
                  <Skeleton height={16} my={10} width={id === 'name' ? 180 : 70} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
