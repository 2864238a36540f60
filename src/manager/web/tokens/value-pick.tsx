/** An input that picks one of the values that access tokens have: an owner, a scope, who made them. */

import { useQuery } from '@connectrpc/connect-query';
import { Autocomplete, Group, Text } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { AccessTokenService, type Field } from '../../../gen/usher/v1/access_token_pb.ts';
import { looksLikeCredential } from '../whose/credential-text.ts';

const typingMs = 200;
const optionsMax = 50;
/** How soon it asks again while the server still reads its access tokens. */
const againMs = 400;

/** The input. What is typed counts once it is picked, or entered: it filters by the exact value. */
export function ValuePick(props: {
  label: string;
  field: Field;
  value: string;
  onChange: (value: string) => void;
}) {
  const { label, field, value, onChange } = props;
  const [text, setText] = useState(value);
  const [isOpen, setOpen] = useState(false);
  const isChosen = text === value;
  const [asked] = useDebouncedValue(
    isChosen || looksLikeCredential(text) ? '' : text.trim(),
    typingMs,
  );
  const found = useQuery(
    AccessTokenService.method.listValues,
    { field, text: asked, pageSize: optionsMax },
    {
      enabled: isOpen || value !== '',
      retry: false,
      refetchInterval: query => (query.state.data?.final === false ? againMs : false),
    },
  );
  const values = found.data?.values ?? [];
  const sizes = new Map(values.map(each => [each.value, each]));
  const shown = sizes.get(value)?.label || value;
  useEffect(() => setText(value), [value]);

  function pick(next: string) {
    if (looksLikeCredential(next)) return setText('');
    setText(next);
    if (next !== value) onChange(next);
  }

  const isReading = found.data?.final === false;
  return (
    <Autocomplete
      className="search"
      aria-label={label}
      placeholder={label}
      value={isChosen && !isOpen ? shown : text}
      onChange={next => (next === '' ? pick('') : setText(next))}
      onOptionSubmit={pick}
      onDropdownOpen={() => setOpen(true)}
      onDropdownClose={() => setOpen(false)}
      onBlur={() => setText(value)}
      onKeyDown={event => {
        if (event.key === 'Enter') pick(text.trim());
      }}
      clearable
      clearButtonProps={{ 'aria-label': `Clear: ${label}` }}
      data={values.map(each => each.value)}
      filter={({ options }) => options}
      maxDropdownHeight={280}
      comboboxProps={{ width: 280, position: 'bottom-start' }}
      renderOption={({ option }) => (
        <Group justify="space-between" wrap="nowrap" gap="md" w="100%">
          <Text size="sm" className="wrap-anywhere">
            {sizes.get(option.value)?.label || option.value}
          </Text>
          <Text size="xs" c="dimmed">
            {isReading ? '…' : sizes.get(option.value)?.size.toLocaleString('en')}
          </Text>
        </Group>
      )}
    />
  );
}
