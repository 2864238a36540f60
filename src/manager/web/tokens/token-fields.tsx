/** The fields of an access token that people choose: for a new one and for changing one. */

import { JsonInput, NativeSelect, Stack, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { Kind } from '../../../gen/usher/v1/access_token_pb.ts';
import { DurationInput } from '../ui/duration-input.tsx';
import type { TokenForm } from './token-form.ts';

const expiryChoices = [
  { value: 'never', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'at', label: 'At a time of my choice' },
];

/** The fields. */
export function TokenFields({ form, kind }: { form: UseFormReturnType<TokenForm>; kind: Kind }) {
  return (
    <Stack>
      <TextInput
        label="Name"
        description="For people: what it is used by."
        required
        maxLength={128}
        data-autofocus
        {...form.getInputProps('name')}
      />
      <TextInput
        label="Owner"
        description="A team, a service or a customer; may stay empty."
        maxLength={128}
        {...form.getInputProps('owner')}
      />
      <TagsInput
        label="Scopes"
        description="What it may do. Press Enter after each."
        placeholder="orders.read"
        splitChars={[',', ' ']}
        {...form.getInputProps('scopes')}
      />
      <NativeSelect label="Expires" data={expiryChoices} {...form.getInputProps('expiry')} />
      {form.values.expiry === 'at' && (
        <TextInput label="Expires at" type="datetime-local" {...form.getInputProps('expireAt')} />
      )}
      {kind === Kind.JWT && <JwtFields form={form} />}
      <JsonInput
        label="Metadata"
        description="A JSON object that the verifying services are told; may stay empty."
        placeholder='{"plan": "pro"}'
        autosize
        minRows={3}
        maxRows={12}
        formatOnBlur
        classNames={{ input: 'mono' }}
        {...form.getInputProps('metadata')}
      />
    </Stack>
  );
}

function JwtFields({ form }: { form: UseFormReturnType<TokenForm> }) {
  return (
    <>
      <TagsInput
        label="Audiences"
        description="Those that its JWTs may name; none allows any."
        placeholder="https://api.example.com"
        splitChars={[',', ' ']}
        {...form.getInputProps('audiences')}
      />
      <DurationInput
        label="Longest lifetime of its JWTs"
        description="Those that live longer are refused. Empty for no limit."
        min={1}
        value={form.values.lifetimeSeconds}
        onChange={seconds => form.setFieldValue('lifetimeSeconds', seconds)}
      />
    </>
  );
}
