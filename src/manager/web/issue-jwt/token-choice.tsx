/** An input that chooses an active access token of kind jwt. */

import { useQuery } from '@connectrpc/connect-query';
import { Select } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useState } from 'react';
import { AccessTokenService, Kind, State } from '../../../gen/usher/v1/access_token_pb.ts';
import { looksLikeCredential } from '../whose/credential-text.ts';

const typingMs = 250;
const optionsMax = 20;

/** The input; it searches while the user types. */
export function TokenChoice(props: {
  /** UUID of the chosen access token; "" for none. */
  value: string;
  /** Name of the chosen access token; undefined until it was read. */
  name: string | undefined;
  onChange: (id: string | null) => void;
}) {
  const { value, name, onChange } = props;
  const [text, setText] = useState('');
  const [asked] = useDebouncedValue(
    text === name || looksLikeCredential(text) ? '' : text,
    typingMs,
  );
  const list = useQuery(AccessTokenService.method.list, {
    kind: Kind.JWT,
    state: State.ACTIVE,
    text: asked,
    pageSize: optionsMax,
  });
  const found = list.data?.accessTokens.map(({ id, name }) => ({ value: id, label: name })) ?? [];
  const isListed = found.some(option => option.value === value);
  return (
    <Select
      label="Access token"
      description="Only those of kind jwt. Type to search."
      placeholder="Choose one"
      searchable
      required
      data={value && name && !isListed ? [{ value, label: name }, ...found] : found}
      filter={({ options }) => options}
      value={value || null}
      onChange={onChange}
      searchValue={text}
      onSearchChange={setText}
      nothingFoundMessage={list.isFetching ? 'Searching…' : 'No access token of kind jwt matches'}
    />
  );
}
