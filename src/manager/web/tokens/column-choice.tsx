/** A menu that chooses the columns of the list. */

import { Button, Checkbox, Popover, Stack } from '@mantine/core';
import { IconColumns3 } from '@tabler/icons-react';
import { type Column, columns } from './columns.ts';

/** The button with its menu. The choice stays in this browser. */
export function ColumnChoice(props: {
  shown: readonly Column[];
  onChange: (ids: Column['id'][]) => void;
}) {
  const { shown, onChange } = props;
  const ids = shown.map(({ id }) => id);
  return (
    <Popover position="bottom-end" withArrow trapFocus>
      <Popover.Target>
        <Button
          variant="default"
          leftSection={<IconColumns3 size={16} aria-hidden />}
          aria-haspopup="dialog"
        >
          Columns
        </Button>
      </Popover.Target>
      <Popover.Dropdown aria-label="Columns">
        <Stack gap="xs">
          {columns.map(({ id, title }) => (
            <Checkbox
              key={id}
              size="sm"
              label={title}
              checked={ids.includes(id)}
              disabled={id === 'name'}
              onChange={event =>
                onChange(
                  event.currentTarget.checked ? [...ids, id] : ids.filter(each => each !== id),
                )
              }
            />
          ))}
        </Stack>
      </Popover.Dropdown>
    </Popover>
  );
}
