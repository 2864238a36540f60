/** Compares a jti or subject with the keyed digest that an entry of the audit log holds. */

import { ConnectError, createClient } from '@connectrpc/connect';
import { useTransport } from '@connectrpc/connect-query';
import { Button, Group, Text, TextInput } from '@mantine/core';
import { type FormEvent, useMemo, useState } from 'react';
import {
  AccessTokenService,
  FindJwtRevocationsResponse_Revoked as Revoked,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { explain } from '../ui/explain.ts';

type Answer = { text: string; tone: 'good' | 'bad' | 'quiet' };

/** A field for a jti or subject, and whether this entry revoked it. The text goes nowhere else. */
export function IsItThisOne({ sequence }: { sequence: bigint }) {
  const transport = useTransport();
  const client = useMemo(() => createClient(AccessTokenService, transport), [transport]);
  const [value, setValue] = useState('');
  const [answer, setAnswer] = useState<Answer>();
  const [isBusy, setBusy] = useState(false);

  async function check(event: FormEvent) {
    event.preventDefault();
    if (value.trim() === '') return;
    setBusy(true);
    try {
      const { matches } = await client.findJwtRevocations({ value: value.trim(), sequence });
      setAnswer(answerOf(matches[0]?.revoked));
    } catch (error) {
      setAnswer({ text: explain(ConnectError.from(error)).title, tone: 'bad' });
    }
    setBusy(false);
  }

  return (
    <form onSubmit={check} className="is-it">
      <Group align="flex-end" gap="sm">
        <TextInput
          className="grow"
          label="Is it this one? A jti or subject"
          description="The log holds keyed digests alone. The server compares; it keeps nothing."
          value={value}
          maxLength={256}
          autoComplete="off"
          spellCheck={false}
          onChange={event => {
            setValue(event.currentTarget.value);
            setAnswer(undefined);
          }}
        />
        <Button type="submit" variant="default" loading={isBusy} disabled={value.trim() === ''}>
          Compare
        </Button>
      </Group>
      <Text size="sm" mt={6} role="status" className="is-it-answer" data-tone={answer?.tone}>
        {answer?.text}
      </Text>
    </form>
  );
}

function answerOf(revoked: Revoked | undefined): Answer {
  switch (revoked) {
    case Revoked.JTI:
      return { text: 'Yes: this entry revoked the JWT with this jti.', tone: 'good' };
    case Revoked.SUBJECT:
      return { text: 'Yes: this entry revoked the JWTs of this subject.', tone: 'good' };
    default:
      return { text: 'No: this entry revoked something else.', tone: 'quiet' };
  }
}
