/** The inputs that restrict an access token: from where, and how often it may be used. */

import { Group, NativeSelect, NumberInput, TagsInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { Kind, LimitPer, Period } from '../../../gen/usher/v1/access_token_pb.ts';
import { DurationInput } from '../ui/duration-input.tsx';
import type { TokenForm } from './token-form.ts';

const counted = [
  { value: String(LimitPer.TOKEN), label: 'all together' },
  { value: String(LimitPer.SUBJECT), label: 'each subject alone' },
];
const periods = [
  { value: String(Period.DAY), label: 'day' },
  { value: String(Period.MONTH), label: 'month' },
];

type Form = UseFormReturnType<TokenForm>;

/** The inputs; what counts together can be chosen only for kind jwt. */
export function LimitFields({ form, kind }: { form: Form; kind: Kind }) {
  const { values } = form;
  return (
    <>
      <TagsInput
        label="Allowed addresses"
        description="IP addresses and CIDR ranges from which it may be used. Empty for any."
        placeholder="192.0.2.0/24"
        splitChars={[',', ' ']}
        {...form.getInputProps('allowedSources')}
      />
      <CountInput
        form={form}
        name="rateRequests"
        label="Rate limit"
        description="How often it may be used within a time. Empty for no limit."
      />
      {values.rateRequests !== undefined && (
        <Group align="flex-start" gap="md">
          <DurationInput
            label="Within"
            min={1}
            value={values.rateWindow}
            error={form.errors.rateWindow as string | undefined}
            onChange={seconds => form.setFieldValue('rateWindow', seconds)}
          />
          {kind === Kind.JWT && (
            <NativeSelect
              label="Rate limit counts"
              data={counted}
              {...form.getInputProps('ratePer')}
            />
          )}
        </Group>
      )}
      <CountInput
        form={form}
        name="quotaRequests"
        label="Quota"
        description="How often it may be used in a day or month (UTC). Empty for no limit."
      />
      {values.quotaRequests !== undefined && (
        <Group align="flex-start" gap="md">
          <NativeSelect label="In a" data={periods} {...form.getInputProps('quotaPeriod')} />
          {kind === Kind.JWT && (
            <NativeSelect label="Quota counts" data={counted} {...form.getInputProps('quotaPer')} />
          )}
        </Group>
      )}
    </>
  );
}

function CountInput(props: {
  form: Form;
  name: 'rateRequests' | 'quotaRequests';
  label: string;
  description: string;
}) {
  const { form, name, label, description } = props;
  return (
    <NumberInput
      label={label}
      description={description}
      placeholder="no limit"
      thousandSeparator=","
      allowDecimal={false}
      allowNegative={false}
      value={form.values[name] ?? ''}
      error={form.errors[name]}
      onChange={value => form.setFieldValue(name, value === '' ? undefined : Number(value))}
    />
  );
}
