/** The search and the filters above the list of access tokens. */

import {
  Button,
  CloseButton,
  Group,
  NativeSelect,
  SegmentedControl,
  TextInput,
} from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { IconSearch } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import { Field } from '../../../gen/usher/v1/access_token_pb.ts';
import { looksLikeCredential } from '../whose/credential-text.ts';
import { type Filters, isFiltered } from './filters.ts';
import { ValuePick } from './value-pick.tsx';

const typingMs = 250;

/** The inputs for search, owner, scope, maker, kind, state, use and order. */
export function FilterBar(props: {
  filters: Filters;
  onChange: (change: Partial<Filters>) => void;
  onClear: () => void;
}) {
  const { filters, onChange, onClear } = props;
  return (
    <Group
      gap="sm"
      mb="md"
      align="flex-start"
      role="search"
      aria-label="Access tokens"
      className="filter-bar"
    >
      <SearchBox
        label="Search by name, owner, scope or id"
        value={filters.text}
        onChange={text => onChange({ text })}
      />
      <SegmentedControl
        aria-label="Kind"
        value={filters.kind}
        onChange={kind => onChange({ kind: kind as Filters['kind'] })}
        data={[
          { value: '', label: 'All' },
          { value: 'static', label: 'Static' },
          { value: 'jwt', label: 'JWT' },
        ]}
      />
      <ValuePick
        label="Owner"
        field={Field.OWNER}
        value={filters.owner}
        onChange={owner => onChange({ owner })}
      />
      <ValuePick
        label="Scope"
        field={Field.SCOPE}
        value={filters.scope}
        onChange={scope => onChange({ scope })}
      />
      <ValuePick
        label="Made by"
        field={Field.CREATED_BY}
        value={filters.maker}
        onChange={maker => onChange({ maker })}
      />
      <NativeSelect
        aria-label="State"
        value={filters.state}
        onChange={event => onChange({ state: event.currentTarget.value as Filters['state'] })}
        data={[
          { value: '', label: 'Any state' },
          { value: 'active', label: 'Active' },
          { value: 'expiring', label: 'Expiring soon' },
          { value: 'expired', label: 'Expired' },
          { value: 'revoked', label: 'Revoked' },
        ]}
      />
      <NativeSelect
        aria-label="Use"
        value={filters.unused}
        onChange={event => onChange({ unused: event.currentTarget.value as Filters['unused'] })}
        data={[
          { value: '', label: 'Used or not' },
          { value: '30', label: 'Unused for 30 days' },
          { value: '90', label: 'Unused for 90 days' },
          { value: '180', label: 'Unused for 180 days' },
          { value: '365', label: 'Unused for a year' },
        ]}
      />
      <NativeSelect
        aria-label="Order"
        value={filters.sort}
        onChange={event => onChange({ sort: event.currentTarget.value as Filters['sort'] })}
        data={[
          { value: 'newest', label: 'Newest first' },
          { value: 'oldest', label: 'Oldest first' },
          { value: 'name', label: 'By name' },
          { value: '-name', label: 'By name, Z to A' },
          { value: 'owner', label: 'By owner' },
          { value: '-owner', label: 'By owner, Z to A' },
          { value: 'used', label: 'Last used first' },
          { value: '-used', label: 'Longest unused first' },
          { value: 'expiry', label: 'Expiring first' },
          { value: '-expiry', label: 'Expiring last' },
        ]}
      />
      {isFiltered(filters) && (
        <Button variant="subtle" color="gray" onClick={onClear}>
          Clear
        </Button>
      )}
    </Group>
  );
}

function SearchBox(props: { label: string; value: string; onChange: (text: string) => void }) {
  const [text, setText] = useState(props.value);
  const [isSecret, setSecret] = useState(false);
  const search = useDebouncedCallback(props.onChange, typingMs);
  useEffect(() => setText(props.value), [props.value]);

  function change(next: string) {
    setSecret(looksLikeCredential(next));
    // A pasted secret is dropped here, so that it reaches neither the field nor the address bar.
    if (looksLikeCredential(next)) return setText('');
    setText(next);
    search(next.trim());
  }

  return (
    <TextInput
      className="search wide"
      type="search"
      aria-label={props.label}
      placeholder={props.label}
      value={text}
      onChange={event => change(event.currentTarget.value)}
      error={
        isSecret && 'This looks like a secret. Search by name or id, or verify it under "Try it".'
      }
      leftSection={<IconSearch size={16} aria-hidden />}
      rightSection={
        text && (
          <CloseButton size="sm" aria-label={`Clear: ${props.label}`} onClick={() => change('')} />
        )
      }
    />
  );
}
