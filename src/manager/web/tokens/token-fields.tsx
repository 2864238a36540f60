/** The inputs for the fields of an access token, used to create and to edit one. */

import { Autocomplete, JsonInput, NativeSelect, Stack, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { Field, Kind } from '../../../gen/usher/v1/access_token_pb.ts';
import { useSession } from '../session.ts';
import { DurationInput } from '../ui/duration-input.tsx';
import { sayZone } from '../ui/when.tsx';
import { LimitFields } from './limit-fields.tsx';
import type { TokenForm } from './token-form.ts';
import { useSuggestions } from './use-suggestions.ts';
import { PowerWarning, usherScopes } from './usher-scopes.tsx';

/** Suggestions that are shown at once. */
const shownMax = 20;

const expiryChoices = [
  { value: 'never', label: 'Never' },
  { value: '7', label: 'In 7 days' },
  { value: '30', label: 'In 30 days' },
  { value: '90', label: 'In 90 days' },
  { value: '365', label: 'In a year' },
  { value: 'at', label: 'At another time' },
];

/** What is said about each choice of expiry. */
function sayExpiry(expiry: string): string {
  if (expiry === 'never') return 'It stays valid until someone revokes it.';
  if (expiry === 'at') return `In your time zone, ${sayZone()}.`;
  const date = new Date(Date.now() + Number(expiry) * 86_400_000);
  return `On ${date.toLocaleDateString('en', { dateStyle: 'long' })}. Rotating does not move this.`;
}

/** The inputs; those for audiences and JWT lifetime are shown only for kind jwt. */
export function TokenFields({ form, kind }: { form: UseFormReturnType<TokenForm>; kind: Kind }) {
  const { owners } = useSession();
  const known = { owners: useSuggestions(Field.OWNER), scopes: useSuggestions(Field.SCOPE) };
  const { values } = form;
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
      {owners === undefined ? (
        <Autocomplete
          label="Owner"
          description="Optional. A team, a service or a customer."
          maxLength={128}
          data={known.owners}
          limit={shownMax}
          {...form.getInputProps('owner')}
        />
      ) : (
        <NativeSelect label="Owner" data={owners} {...form.getInputProps('owner')} />
      )}
      <TagsInput
        label="Scopes"
        description="What the access token may do. Press Enter after each scope."
        placeholder="orders.read"
        data={scopesFor(kind, known.scopes)}
        limit={shownMax}
        splitChars={[',', ' ']}
        {...form.getInputProps('scopes')}
      />
      {kind === Kind.STATIC && <PowerWarning scopes={values.scopes} owner={values.owner} />}
      {kind === Kind.STATIC && values.scopes.includes('usher.admin') && (
        <TagsInput
          label="Scopes it may give"
          description="For an owner's administrator. Empty for its own scopes."
          placeholder="orders.read"
          splitChars={[',', ' ']}
          {...form.getInputProps('grantableScopes')}
        />
      )}
      <NativeSelect
        label="Expires"
        description={sayExpiry(values.expiry)}
        data={expiryChoices}
        {...form.getInputProps('expiry')}
      />
      {values.expiry === 'at' && (
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

/** Scopes that exist first, then those of Usher itself, which mean something for static tokens only. */
function scopesFor(kind: Kind, known: readonly string[]): string[] {
  const own = known.filter(scope => !scope.startsWith('usher.'));
  return kind === Kind.STATIC ? [...own, ...usherScopes] : own;
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
