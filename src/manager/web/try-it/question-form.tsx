/** What to verify: a header, and what it must be good for. */

import { Button, Group, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';

/** A question to the verifier. */
export interface Question {
  header: string;
  audience: string;
  requiredScopes: string[];
}

const empty: Question = { header: '', audience: '', requiredScopes: [] };

/** The form. */
export function QuestionForm(props: {
  isBusy: boolean;
  onAsk: (question: Question) => void;
  onClear: () => void;
}) {
  const [question, setQuestion] = useState(empty);
  const change = (part: Partial<Question>) => setQuestion({ ...question, ...part });

  function submit(event: FormEvent) {
    event.preventDefault();
    const { header, audience, requiredScopes } = question;
    props.onAsk({ header: header.trim(), audience: audience.trim(), requiredScopes });
  }

  function clear() {
    setQuestion(empty);
    props.onClear();
  }

  return (
    <form onSubmit={submit} noValidate className="card padded">
      <Stack>
        <Textarea
          label="Authorization header"
          description="Its value, as a client would send it. It goes to this server alone."
          placeholder="Bearer eyJhbGciOi…"
          autosize
          minRows={4}
          maxRows={10}
          classNames={{ input: 'mono' }}
          value={question.header}
          onChange={event => change({ header: event.currentTarget.value })}
          autoComplete="off"
          spellCheck={false}
        />
        <TextInput
          label="Audience"
          description="Empty asks for none."
          value={question.audience}
          onChange={event => change({ audience: event.currentTarget.value })}
        />
        <TagsInput
          label="Required scopes"
          description="All of them. Press Enter after each."
          splitChars={[',', ' ']}
          value={question.requiredScopes}
          onChange={requiredScopes => change({ requiredScopes })}
        />
        <Group>
          <Button type="submit" loading={props.isBusy}>
            Verify
          </Button>
          <Button variant="subtle" color="gray" onClick={clear}>
            Clear
          </Button>
        </Group>
      </Stack>
    </form>
  );
}
