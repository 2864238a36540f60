/** The inputs that choose events of the audit log, and the active filters as chips. */

import { Button, Group, NativeSelect, Pill, Text, TextInput } from '@mantine/core';
import { useDebouncedCallback } from '@mantine/hooks';
import { useEffect, useState } from 'react';
import { actionGroups, auditActions } from '../../../wording/actions.ts';
import { looksSecret } from '../tokens/filters.ts';
import { localTime } from '../tokens/token-form.ts';
import { type AuditFilters, chipsOf, groupWords, stretches } from './audit-filters.ts';

const typingMs = 350;
const custom = 'custom';

/** The filters of the log; each change is applied at once. */
export function AuditFilterBar(props: {
  filters: AuditFilters;
  onChange: (change: Partial<AuditFilters>) => void;
}) {
  const { filters, onChange } = props;
  return (
    <Group gap="sm" mb="sm" align="flex-start" role="search" aria-label="Audit log">
      <TextFilter
        label="By whom"
        hint="Name or id"
        value={filters.by}
        onChange={by => onChange({ by })}
      />
      <TextFilter
        label="Access token"
        hint="Name or id"
        value={filters.token}
        onChange={token => onChange({ token })}
      />
      <TextFilter
        label="Owner"
        hint="Exactly"
        value={filters.owner}
        onChange={owner => onChange({ owner })}
      />
      <ActionFilter value={filters.action} onChange={action => onChange({ action })} />
      <NativeSelect
        label="Outcome"
        value={filters.outcome}
        onChange={event => onChange({ outcome: event.currentTarget.value as '' })}
        data={[
          { value: '', label: 'Any outcome' },
          { value: 'done', label: 'Done' },
          { value: 'refused', label: 'Refused' },
        ]}
      />
      <TimeFilter filters={filters} onChange={onChange} />
    </Group>
  );
}

/** The active filters; each can be removed. */
export function FilterChips(props: {
  filters: AuditFilters;
  names: Readonly<Record<string, string>>;
  onChange: (change: Partial<AuditFilters>) => void;
  onClear: () => void;
}) {
  const chips = chipsOf(props.filters, props.names);
  if (chips.length === 0) return null;
  return (
    <Group gap="xs" mb="md" role="group" aria-label="Active filters">
      {chips.map(({ name, words }) => (
        <Pill
          key={name}
          size="md"
          withRemoveButton
          className="filter-chip"
          onRemove={() => props.onChange({ [name]: '' })}
          removeButtonProps={{
            'aria-label': `Remove the filter: ${words}`,
            'aria-hidden': false,
            tabIndex: 0,
          }}
        >
          {words}
        </Pill>
      ))}
      <Button variant="subtle" color="gray" size="compact-sm" onClick={props.onClear}>
        Clear all
      </Button>
    </Group>
  );
}

function TextFilter(props: {
  label: string;
  hint: string;
  value: string;
  onChange: (text: string) => void;
}) {
  const [text, setText] = useState(props.value);
  const [isSecret, setSecret] = useState(false);
  const apply = useDebouncedCallback(props.onChange, typingMs);
  useEffect(() => setText(props.value), [props.value]);

  function change(next: string) {
    setSecret(looksSecret(next));
    // A pasted secret is dropped here, so that it reaches neither the field nor the address bar.
    if (looksSecret(next)) return setText('');
    setText(next);
    apply(next.trim());
  }

  return (
    <TextInput
      className="audit-filter"
      type="search"
      label={props.label}
      placeholder={props.hint}
      maxLength={256}
      value={text}
      onChange={event => change(event.currentTarget.value)}
      error={isSecret && 'This looks like a secret.'}
    />
  );
}

function ActionFilter(props: { value: string; onChange: (action: string) => void }) {
  const groups = actionGroups.map(group => {
    const words = groupWords[group] ?? group;
    const actions = Object.entries(auditActions).filter(([name]) => name.startsWith(`${group}.`));
    return {
      group: words.charAt(0).toUpperCase() + words.slice(1),
      items: [
        ...(actions.length > 1 ? [{ value: group, label: `All of ${words}` }] : []),
        ...actions.map(([value, { title }]) => ({ value, label: title })),
      ],
    };
  });
  return (
    <NativeSelect
      label="What"
      value={props.value}
      onChange={event => props.onChange(event.currentTarget.value)}
      data={[{ value: '', label: 'Anything' }, ...groups]}
    />
  );
}

function TimeFilter(props: {
  filters: AuditFilters;
  onChange: (change: Partial<AuditFilters>) => void;
}) {
  const { filters, onChange } = props;
  const { since, until } = filters;
  const isCustom = until !== '' || (since !== '' && !(since in stretches));
  const [isOpen, setOpen] = useState(isCustom);
  const isShown = isOpen || isCustom;

  function choose(value: string) {
    setOpen(value === custom);
    if (value !== custom) onChange({ since: value, until: '' });
    else if (since in stretches) onChange({ since: '' });
  }

  return (
    <>
      <NativeSelect
        label="When"
        value={isShown ? custom : since}
        onChange={event => choose(event.currentTarget.value)}
        data={[
          { value: '', label: 'Any time' },
          ...Object.entries(stretches).map(([value, { words }]) => ({ value, label: words })),
          { value: custom, label: 'From … to …' },
        ]}
      />
      {isShown && (
        <>
          <MomentInput label="From" value={since} onChange={next => onChange({ since: next })} />
          <MomentInput
            label="Before"
            value={until}
            min={since}
            onChange={next => onChange({ until: next })}
          />
        </>
      )}
    </>
  );
}

function MomentInput(props: {
  label: string;
  value: string;
  min?: string;
  onChange: (time: string) => void;
}) {
  const { value, min = '' } = props;
  const isTooEarly = value !== '' && min !== '' && value <= min;
  return (
    <TextInput
      type="datetime-local"
      label={props.label}
      value={value}
      max={localTime(new Date(Date.now() + 86_400_000))}
      onChange={event => props.onChange(event.currentTarget.value)}
      error={isTooEarly && <Text span>This is not after “From”.</Text>}
    />
  );
}
