/** The bar above the list that acts on many access tokens. */

import { Button, Group, Text } from '@mantine/core';
import { lazy, Suspense, useState } from 'react';
import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';
import type { ActKind, Chosen } from '../jobs/new-job-dialog.tsx';
import { type Filters, isFiltered, toRequest } from './filters.ts';
import type { Selection } from './selection.ts';

const NewJobDialog = lazy(async () => ({
  default: (await import('../jobs/new-job-dialog.tsx')).NewJobDialog,
}));

/** More cannot be named by their ids: then a filter is needed. */
const idsMax = 10_000;

/** What is selected: some rows, or all that match the filters. */
export interface Choice extends Selection {
  isAll: boolean;
  selectAll: () => void;
  clear: () => void;
}

/** The choice of the list with these filters; it is empty when they change. */
export function useChoice(filters: Filters): Choice {
  const { sort: _, ...selecting } = filters;
  const key = JSON.stringify(selecting);
  const [held, setHeld] = useState({ key, ids: new Set<string>(), isAll: false });
  const current = held.key === key ? held : { key, ids: new Set<string>(), isAll: false };
  return {
    ids: current.ids,
    isAll: current.isAll,
    onChange(tokens: readonly AccessToken[], isSelected: boolean) {
      setHeld(before => {
        const ids = new Set(before.key === key ? before.ids : []);
        for (const { id } of tokens) {
          if (isSelected) ids.add(id);
          else ids.delete(id);
        }
        return { key, ids, isAll: false };
      });
    },
    selectAll: () => setHeld({ key, ids: new Set(), isAll: true }),
    clear: () => setHeld({ key, ids: new Set(), isAll: false }),
  };
}

/** The bar: what is selected, and what can be done with it. */
export function BulkBar(props: {
  filters: Filters;
  choice: Choice;
  /** How many match the filters, as far as is known. */
  matching: string;
}) {
  const { filters, choice, matching } = props;
  const [dialog, setDialog] = useState<{ act: ActKind; chosen: Chosen }>();
  const { owner } = filters;
  const isOwnerAlone = owner !== '' && !isFiltered({ ...filters, owner: '' });
  const count = choice.ids.size;
  const open = (act: ActKind) => setDialog({ act, chosen: chosenOf(filters, choice) });
  const revokeAll = () =>
    setDialog({
      act: 'revoke',
      chosen: {
        selection: { selection: { case: 'owner', value: owner } },
        words: `everything of ${owner}`,
      },
    });
  return (
    <>
      {(count > 0 || choice.isAll) && (
        <Group
          className="card bulk-bar"
          gap="sm"
          role="toolbar"
          aria-label="Selected access tokens"
        >
          <Text fw={600} size="sm" role="status">
            {choice.isAll ? `All ${matching} that match` : `${count.toLocaleString('en')} selected`}
          </Text>
          {!choice.isAll && (
            <Button size="compact-sm" variant="subtle" onClick={choice.selectAll}>
              Select all {matching} that match
            </Button>
          )}
          <Group gap="xs" className="bulk-acts">
            <Button size="xs" variant="default" onClick={() => open('rotate')}>
              Rotate
            </Button>
            <Button size="xs" variant="default" onClick={() => open('expiry')}>
              Set expiry
            </Button>
            <Button size="xs" variant="default" onClick={() => open('owner')}>
              Change owner
            </Button>
            <Button size="xs" className="danger" onClick={() => open('revoke')}>
              Revoke
            </Button>
            <Button size="xs" variant="subtle" color="gray" onClick={choice.clear}>
              Clear selection
            </Button>
          </Group>
          {count > idsMax && (
            <Text size="sm" role="alert">
              At most {idsMax.toLocaleString('en')} can be picked one by one.
            </Text>
          )}
        </Group>
      )}
      {isOwnerAlone && count === 0 && !choice.isAll && (
        <Group mb="md" justify="flex-end">
          <Button size="xs" variant="default" className="danger-outline" onClick={revokeAll}>
            Revoke everything of {owner.length > 40 ? `${owner.slice(0, 39)}…` : owner}
          </Button>
        </Group>
      )}
      {dialog && (
        <Suspense>
          <NewJobDialog {...dialog} onClose={() => setDialog(undefined)} onStarted={choice.clear} />
        </Suspense>
      )}
    </>
  );
}

function chosenOf(filters: Filters, choice: Choice): Chosen {
  if (!choice.isAll) {
    const ids = [...choice.ids];
    const words =
      ids.length === 1 ? 'an access token' : `${ids.length.toLocaleString('en')} access tokens`;
    return { selection: { selection: { case: 'ids', value: { ids } } }, words };
  }
  const value = toRequest(filters);
  return { selection: { selection: { case: 'filter', value } }, words: 'all that match' };
}
