/** What the list shows in place of rows. */

import { Button } from '@mantine/core';
import { IconCalendarOff, IconKey, IconPlayerStop, IconSearchOff } from '@tabler/icons-react';
import type { ReactNode } from 'react';
import { EmptyState } from '../ui/empty-state.tsx';
import { type Filters, isFiltered } from './filters.ts';
import type { Rows } from './read-rows.ts';

/** Why there are no rows, and what the reader can do; `create` is the button for a first one. */
export function NoTokens(props: {
  page: Rows;
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
  onClear: () => void;
  onSearchOn: (() => void) | undefined;
  create: ReactNode;
}) {
  const { page, filters, onChange, onClear } = props;
  const total = page.total.toLocaleString('en');
  if (page.isStopped) {
    return (
      <EmptyState
        icon={IconPlayerStop}
        title="Nothing found so far"
        text={`You stopped after ${page.searched.toLocaleString('en')} of ${total} access tokens.`}
      >
        <Button variant="default" onClick={props.onSearchOn}>
          Search on
        </Button>
      </EmptyState>
    );
  }
  if (page.total === 0) {
    return (
      <EmptyState
        icon={IconKey}
        title="No access tokens yet"
        text="Create the first one, paste the code that you get, and see it work within a minute."
      >
        {props.create}
      </EmptyState>
    );
  }
  const isByExpiry = filters.sort === 'expiry' || filters.sort === '-expiry';
  if (isByExpiry && !isFiltered(filters)) {
    return (
      <EmptyState
        icon={IconCalendarOff}
        title="None expires"
        text={`This order has only access tokens with an expiry, and none of the ${total} has one.`}
      >
        <Button variant="default" onClick={() => onChange({ sort: 'newest' })}>
          Show all, newest first
        </Button>
      </EmptyState>
    );
  }
  return (
    <EmptyState
      icon={IconSearchOff}
      title="Nothing matches"
      text={`None of the ${total} access tokens ${sayWhy(filters, isByExpiry)}.`}
    >
      <Button variant="default" onClick={onClear}>
        Clear filters
      </Button>
    </EmptyState>
  );
}

/** What the filters ask for: "is active, has the owner ann and …". */
function sayWhy(filters: Filters, isByExpiry: boolean): string {
  const { text, kind, state, owner, scope, maker, unused } = filters;
  const parts = [
    text && 'has this text',
    kind && `is of kind ${kind}`,
    state && (state === 'expiring' ? 'expires within 14 days' : `is ${state}`),
    owner && 'has this owner',
    scope && 'has this scope',
    maker && 'was made by this one',
    unused && `is unused for ${unused} days`,
    isByExpiry && 'has an expiry',
  ].filter(Boolean);
  return parts.length < 2 ? parts.join('') : `${parts.slice(0, -1).join(', ')} and ${parts.at(-1)}`;
}
