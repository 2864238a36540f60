/** The form for a JWT to issue. */

import { Button, JsonInput, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { ReactNode } from 'react';
import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';
import { readObject } from '../tokens/token-form.ts';
import { DurationInput } from '../ui/duration-input.tsx';
import { useLeaveGuard } from '../ui/leave-guard.ts';

/** A JWT to issue, as the user typed it. */
export interface Order {
  /** The "sub" claim; "" for none. */
  subject: string;
  /** The "aud" claim; empty for none. */
  audience: string[];
  /** Empty for all scopes of the access token. */
  scopes: string[];
  /** From issue to expiry, in seconds; undefined while the field is empty. */
  lifetimeSeconds: number | undefined;
  /** Further claims: a JSON object as text, or "". */
  claims: string;
}

const initialValues: Order = {
  subject: '',
  audience: [],
  scopes: [],
  lifetimeSeconds: 3_600,
  claims: '',
};

const validate = {
  lifetimeSeconds: (seconds: number | undefined) => (seconds ? null : 'A JWT needs a lifetime.'),
  claims: (claims: string) => (readObject(claims) ? null : 'This is not a JSON object.'),
};

/** The form; `children` is the input that chooses the access token. */
export function OrderForm(props: {
  token: AccessToken | undefined;
  isBusy: boolean;
  onOrder: (order: Order) => void;
  children: ReactNode;
}) {
  const { token, isBusy, onOrder, children } = props;
  const form = useForm({ initialValues, validate });
  useLeaveGuard(form.isDirty() ? 'What you typed here would be lost.' : undefined);
  const { error, value } = form.getInputProps('lifetimeSeconds');
  return (
    <form onSubmit={form.onSubmit(onOrder)} noValidate className="card padded">
      <Stack>
        {children}
        <TextInput
          label="Subject"
          description='The "sub" claim: the user or service that the JWT stands for.'
          maxLength={256}
          {...form.getInputProps('subject')}
        />
        <TagsInput
          label="Audience"
          data={token?.audiences ?? []}
          {...form.getInputProps('audience')}
        />
        <TagsInput
          label="Scopes"
          description="Empty for all scopes of the access token."
          data={token?.scopes ?? []}
          {...form.getInputProps('scopes')}
        />
        <DurationInput
          label="Lifetime"
          min={1}
          value={value}
          error={error}
          onChange={seconds => form.setFieldValue('lifetimeSeconds', seconds)}
        />
        <JsonInput
          label="Further claims"
          placeholder='{"plan": "pro"}'
          autosize
          minRows={3}
          maxRows={10}
          classNames={{ input: 'mono' }}
          {...form.getInputProps('claims')}
        />
        <Button type="submit" loading={isBusy} disabled={!token}>
          Issue
        </Button>
      </Stack>
    </form>
  );
}
