/** A row of the list of access tokens. */

import { timestampMs } from '@bufbuild/protobuf/wkt';
import { Anchor, Checkbox, Table, Text } from '@mantine/core';
import { memo, type ReactNode } from 'react';
import { Link } from 'wouter';
import { type AccessToken, State } from '../../../gen/usher/v1/access_token_pb.ts';
import { Chips } from '../ui/chips.tsx';
import { Cut } from '../ui/cut.tsx';
import { GraceBadge } from '../ui/grace-badge.tsx';
import { KindBadge, StateBadge } from '../ui/state-badge.tsx';
import { When } from '../ui/when.tsx';
import type { Column } from './columns.ts';
import { expiringSoonDays } from './filters.ts';
import { Maker } from './maker.tsx';

/** The row. Rows that did not change are not rendered again. */
export const Row = memo(function Row(props: {
  token: AccessToken;
  columns: readonly Column[];
  /** Undefined without a checkbox. */
  isSelected: boolean | undefined;
  onSelect: (token: AccessToken, isSelected: boolean, isRange: boolean) => void;
}) {
  const { token, columns, isSelected, onSelect } = props;
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
      {columns.map(({ id, title }) => (
        <Table.Td
          key={id}
          data-label={title}
          className={classOf[id]}
          data-tone={id === 'expires' ? expiryTone(token) : undefined}
        >
          {cells[id](token)}
        </Table.Td>
      ))}
    </Table.Tr>
  );
});

const classOf: Partial<Record<Column['id'], string>> = {
  name: 'cell-name',
  used: 'nowrap',
  expires: 'nowrap',
  created: 'nowrap',
};

const cells: Record<Column['id'], (token: AccessToken) => ReactNode> = {
  name: ({ id, name }) => (
    <>
      <Anchor component={Link} href={`/tokens/${id}`} fw={600} size="sm" className="row-anchor">
        <Cut text={name} fits={32} />
      </Anchor>
      <Text size="xs" c="dimmed" ff="monospace">
        {id.slice(0, 8)}…{id.slice(-6)}
      </Text>
    </>
  ),
  kind: ({ kind }) => <KindBadge kind={kind} />,
  state: token => (
    <>
      <StateBadge state={token.state} />
      <GraceBadge token={token} />
    </>
  ),
  owner: ({ owner }) =>
    owner ? <Cut text={owner} fits={18} /> : <span className="quiet">none</span>,
  scopes: ({ scopes }) => <Chips words={scopes} none="none" max={1} />,
  used: ({ lastUsedTime }) => <When time={lastUsedTime} />,
  expires: ({ expireTime }) => <When time={expireTime} />,
  created: ({ createTime }) => <When time={createTime} />,
  maker: ({ createdBy }) => <Maker actor={createdBy} />,
};

function expiryTone(token: AccessToken): 'warn' | undefined {
  if (token.state !== State.ACTIVE || !token.expireTime) return undefined;
  const soonMs = Date.now() + expiringSoonDays * 86_400_000;
  return timestampMs(token.expireTime) < soonMs ? 'warn' : undefined;
}
