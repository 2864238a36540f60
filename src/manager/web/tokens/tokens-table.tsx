/** The table of access tokens, which becomes a list of cards on a phone. */

import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Anchor, Checkbox, Skeleton, Table, Text } from '@mantine/core';
import { memo, type ReactNode } from 'react';
import { Link } from 'wouter';
import { type AccessToken, State } from '../../../gen/usher/v1/access_token_pb.ts';
import { Chips } from '../ui/chips.tsx';
import { GraceBadge } from '../ui/grace-badge.tsx';
import { KindBadge, StateBadge } from '../ui/state-badge.tsx';
import { When } from '../ui/when.tsx';
import { expiringSoonDays } from './filters.ts';
import { type Selection, useRangeSelection } from './selection.ts';

const columns = ['Name', 'Kind', 'State', 'Owner', 'Scopes', 'Last used', 'Expires'];

/** The table. */
export function TokensTable(props: {
  tokens: AccessToken[];
  /** Dims the rows while newer ones are loading. */
  isStale: boolean;
  /** Adds a checkbox to each row, and one for all rows; absent for none. */
  selection?: Selection | undefined;
}) {
  const { tokens, isStale, selection } = props;
  const select = useRangeSelection(tokens, selection);
  return (
    <div className="card table-card" data-stale={isStale || undefined} aria-busy={isStale}>
      <Table
        className="cards-on-phone"
        verticalSpacing="sm"
        horizontalSpacing="md"
        highlightOnHover
      >
        <Head selectAll={selection && <SelectAll tokens={tokens} selection={selection} />} />
        <Table.Tbody>
          {tokens.map(token => (
            <Row
              key={token.id}
              token={token}
              isSelected={selection?.ids.has(token.id)}
              onSelect={select}
            />
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}

function Head({ selectAll }: { selectAll?: ReactNode }) {
  return (
    <Table.Thead>
      <Table.Tr>
        {selectAll && <Table.Th className="cell-select">{selectAll}</Table.Th>}
        {columns.map(column => (
          <Table.Th key={column}>{column}</Table.Th>
        ))}
      </Table.Tr>
    </Table.Thead>
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

// The list may have thousands of rows, so rows that did not change are not rendered again.
const Row = memo(function Row(props: {
  token: AccessToken;
  /** Undefined without a checkbox. */
  isSelected: boolean | undefined;
  onSelect: (token: AccessToken, isSelected: boolean, isRange: boolean) => void;
}) {
  const { token, isSelected, onSelect } = props;
  return (
    <Table.Tr className="row-link" data-selected={isSelected || undefined}>
      {isSelected !== undefined && (
        <Table.Td className="cell-select">
          <Checkbox
            size="xs"
            aria-label={`Select ${token.name}`}
            checked={isSelected}
            onChange={event =>
              onSelect(token, !isSelected, (event.nativeEvent as MouseEvent).shiftKey === true)
            }
          />
        </Table.Td>
      )}
      <Table.Td data-label="Name" className="cell-name">
        <Anchor
          component={Link}
          href={`/tokens/${token.id}`}
          fw={600}
          size="sm"
          className="row-anchor"
        >
          {token.name}
        </Anchor>
        <Text size="xs" c="dimmed" ff="monospace">
          {token.id.slice(0, 8)}…{token.id.slice(-6)}
        </Text>
      </Table.Td>
      <Table.Td data-label="Kind">
        <KindBadge kind={token.kind} />
      </Table.Td>
      <Table.Td data-label="State">
        <StateBadge state={token.state} />
        <GraceBadge token={token} />
      </Table.Td>
      <Table.Td data-label="Owner">{token.owner || <span className="quiet">none</span>}</Table.Td>
      <Table.Td data-label="Scopes">
        <Chips words={token.scopes} none="none" max={1} />
      </Table.Td>
      <Table.Td data-label="Last used" className="nowrap">
        <When time={token.lastUsedTime} />
      </Table.Td>
      <Table.Td data-label="Expires" className="nowrap" data-tone={expiryTone(token)}>
        <When time={token.expireTime} />
      </Table.Td>
    </Table.Tr>
  );
});

function expiryTone(token: AccessToken): 'warn' | undefined {
  if (token.state !== State.ACTIVE || !token.expireTime) return undefined;
  const soonMs = Date.now() + expiringSoonDays * 86_400_000;
  return timestampMs(token.expireTime) < soonMs ? 'warn' : undefined;
}

const skeletonRows = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h'];

/** A placeholder until the first rows are loaded. */
export function TokensTableSkeleton() {
  return (
    <div className="card table-card" aria-busy="true">
      <Table verticalSpacing="sm" horizontalSpacing="md" aria-label="Loading access tokens">
        <Head />
        <Table.Tbody>
          {skeletonRows.map(row => (
            <Table.Tr key={row}>
              {columns.map(column => (
                <Table.Td key={column}>
                  <Skeleton height={16} my={10} width={column === 'Name' ? 180 : 70} />
                </Table.Td>
              ))}
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
    </div>
  );
}
