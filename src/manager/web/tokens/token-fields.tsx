/** The inputs for the fields of an access token, used to create and to edit one. */

import { JsonInput, NativeSelect, Stack, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { Kind } from '../../../gen/usher/v1/access_token_pb.ts';
import { DurationInput } from '../ui/duration-input.tsx';
import { LimitFields } from './limit-fields.tsx';
import type { TokenForm } from './token-form.ts';

const expiryChoices = [
  { value: 'never', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'at', label: 'At another time' },
];

/** What a static token may do at Usher itself. */
const usherScopes = [
  'usher.admin',
  'usher.tokens.read',
  'usher.jwts.issue',
  'usher.verify',
  'usher.introspect',
  'usher.revoke',
];

/** The inputs; those for audiences and JWT lifetime are shown only for kind jwt. */
export function TokenFields({ form, kind }: { form: UseFormReturnType<TokenForm>; kind: Kind }) {
  return (
    <Stack>
      <TextInput
        label="Name"
        description="What the access token is used for."
        required
        maxLength={128}
        data-autofocus
        {...form.getInputProps('name')}
      />
      <TextInput
        label="Owner"
        description="Optional. A team, a service or a customer."
        maxLength={128}
        {...form.getInputProps('owner')}
      />
      <TagsInput
        label="Scopes"
        description="What the access token may do. Press Enter after each scope."
        placeholder="orders.read"
        data={kind === Kind.STATIC ? usherScopes : []}
        splitChars={[',', ' ']}
        {...form.getInputProps('scopes')}
      />
      {kind === Kind.STATIC && form.values.scopes.includes('usher.admin') && (
        <TagsInput
          label="Scopes it may give"
          description="For an owner's administrator. Empty for its own scopes."
          placeholder="orders.read"
          splitChars={[',', ' ']}
          {...form.getInputProps('grantableScopes')}
        />
      )}
      <NativeSelect label="Expires" data={expiryChoices} {...form.getInputProps('expiry')} />
      {form.values.expiry === 'at' && (
        <TextInput label="Expires at" type="datetime-local" {...form.getInputProps('expireAt')} />
      )}
      {kind === Kind.JWT && <JwtFields form={form} />}
      <LimitFields form={form} kind={kind} />
      <JsonInput
        label="Metadata"
        description="Optional. A JSON object that services get with each valid verdict."
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
        description="The audiences that JWTs may name. Empty for any audience."
        placeholder="https://api.example.com"
        splitChars={[',', ' ']}
        {...form.getInputProps('audiences')}
      />
      <DurationInput
        label="Longest JWT lifetime"
        description="JWTs with a longer lifetime are refused. Empty for no limit."
        min={1}
        value={form.values.lifetimeSeconds}
        onChange={seconds => form.setFieldValue('lifetimeSeconds', seconds)}
      />
    </>
  );
}
