/** The inputs for the fields of a webhook, used to create and to edit one. */

import { Checkbox, MultiSelect, Stack, TagsInput, TextInput } from '@mantine/core';
import type { UseFormReturnType } from '@mantine/form';
import { useSession } from '../session.ts';
import { eventChoices } from './events.ts';
import type { WebhookForm } from './webhook-form.ts';

/** The inputs. */
export function WebhookFields({ form }: { form: UseFormReturnType<WebhookForm> }) {
  return (
    <Stack>
      <TextInput
        label="Address"
        description="Where events are sent, by POST. It must be https and public, unless USHER_OUTBOUND_ALLOW names it."
        placeholder="https://hooks.example.com/usher"
        required
        maxLength={2048}
        inputMode="url"
        autoComplete="off"
        spellCheck={false}
        data-autofocus
        {...form.getInputProps('url')}
      />
      <TextInput
        label="Description"
        description="Optional. Who receives the events, and what for."
        maxLength={256}
        {...form.getInputProps('description')}
      />
      <Checkbox.Group
        label="Events"
        description="What is sent. No event holds a token or a secret."
        {...form.getInputProps('events')}
      >
        <Stack gap="xs" mt="xs">
          {eventChoices.map(({ event, meaning }) => (
            <Checkbox key={event} value={event} label={event} description={meaning} />
          ))}
        </Stack>
      </Checkbox.Group>
      {form.values.events.includes('token.expiring') && (
        <TextInput
          label="Days before the expiry"
          description="When token.expiring is sent, once for each number, up to five."
          {...form.getInputProps('expiringDays')}
        />
      )}
      <Owners form={form} />
    </Stack>
  );
}

function Owners({ form }: { form: UseFormReturnType<WebhookForm> }) {
  const { owners } = useSession();
  if (owners === undefined) {
    return (
      <TagsInput
        label="Owners"
        description="Only events of their access tokens. Empty for all. Press Enter after each."
        splitChars={[',']}
        {...form.getInputProps('owners')}
      />
    );
  }
  return (
    <MultiSelect
      label="Owners"
      description="Only events of their access tokens."
      required
      data={owners}
      {...form.getInputProps('owners')}
    />
  );
}
