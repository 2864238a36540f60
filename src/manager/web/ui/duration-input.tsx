/** An input for a duration, as a number and a unit. */

import { Group, Input, NativeSelect, NumberInput } from '@mantine/core';
import { useId, useState } from 'react';

const unitSeconds = {
  ...{ seconds: 1, minutes: 60, hours: 3_600, days: 86_400 },
  ...{ weeks: 7 * 86_400, years: 365 * 86_400 },
} as const;
type Unit = keyof typeof unitSeconds;

/** The input. `value` and `min` are whole seconds; `value` is undefined while it is empty. */
export function DurationInput(props: {
  label: string;
  description?: string;
  value: number | undefined;
  onChange: (seconds: number | undefined) => void;
  error?: string | undefined;
  min?: number;
}) {
  const id = useId();
  const [unit, setUnit] = useState<Unit>(() => largestUnit(props.value));
  const size = unitSeconds[unit];
  const change = (amount: number | string, newSize: number) =>
    props.onChange(amount === '' ? undefined : Math.round(Number(amount) * newSize));
  const amount = props.value === undefined ? '' : props.value / size;
  return (
    <Input.Wrapper id={id} label={props.label} description={props.description} error={props.error}>
      <Group gap="xs" wrap="nowrap" mt={props.description ? 6 : 2}>
        <NumberInput
          id={id}
          className="grow"
          value={amount}
          min={props.min ?? 0}
          onChange={value => change(value, size)}
          error={Boolean(props.error)}
        />
        <NativeSelect
          aria-label={`Unit of: ${props.label}`}
          data={Object.keys(unitSeconds)}
          value={unit}
          onChange={event => {
            const next = event.currentTarget.value as Unit;
            setUnit(next);
            change(amount, unitSeconds[next]);
          }}
        />
      </Group>
    </Input.Wrapper>
  );
}

/** A duration in the largest unit that gives a whole number: "90 minutes", "30 days". */
export function sayDuration(seconds: number): string {
  const unit = largestUnit(seconds);
  const amount = seconds / unitSeconds[unit];
  return `${amount.toLocaleString('en')} ${amount === 1 ? unit.slice(0, -1) : unit}`;
}

function largestUnit(seconds: number | undefined): Unit {
  if (!seconds) return 'hours';
  const fits = (['days', 'hours', 'minutes'] as const).find(
    unit => seconds % unitSeconds[unit] === 0,
  );
  return fits ?? 'seconds';
}
