/** What the JWT is to say. */

import { Button, JsonInput, Stack, TagsInput, TextInput } from '@mantine/core';
import { useForm } from '@mantine/form';
import type { ReactNode } from 'react';
import type { AccessToken } from '../../../gen/usher/v1/access_token_pb.ts';
import { readObject } from '../tokens/token-form.ts';
import { DurationInput } from '../ui/duration-input.tsx';

/** A JWT to sign. */
export interface Order {
  subject: string;
  audience: string[];
  scopes: string[];
  lifetimeSeconds: number | undefined;
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
  lifetimeSeconds: (seconds: number | undefined) => (seconds ? null : 'A JWT needs one.'),
  claims: (claims: string) => (readObject(claims) ? null : 'This is not a JSON object.'),
};

/** The form; `children` choose the access token. */
export function OrderForm(props: {
  token: AccessToken | undefined;
  isBusy: boolean;
  onOrder: (order: Order) => void;
  children: ReactNode;
}) {
  const { token, isBusy, onOrder, children } = props;
  const form = useForm({ initialValues, validate });
  const { error, value } = form.getInputProps('lifetimeSeconds');
  return (
    <form onSubmit={form.onSubmit(onOrder)} noValidate className="card padded">
      <Stack>
        {children}
        <TextInput
          label="Subject"
          description='The "sub" claim: who it is about.'
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
          description="None gives all those of its access token."
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
