/** The form of the "try it" page: a header to verify, and what it must allow. */

import { Button, Group, Stack, TagsInput, Textarea, TextInput } from '@mantine/core';
import { type FormEvent, useState } from 'react';

/** What to verify. */
export interface Question {
  /** Value of the Authorization header. */
  header: string;
  /** The audience that a JWT must name; "" for no such check. */
  audience: string;
  /** Scopes that the token must have, all of them. */
  requiredScopes: string[];
  /** The address from which it was used; "" when it is not known. */
  source: string;
}

const empty: Question = { header: '', audience: '', requiredScopes: [], source: '' };

/** The form; `onAsk` gets trimmed values. */
export function QuestionForm(props: {
  isBusy: boolean;
  onAsk: (question: Question) => void;
  onClear: () => void;
}) {
  const [question, setQuestion] = useState(empty);
  const change = (part: Partial<Question>) => setQuestion({ ...question, ...part });

  function submit(event: FormEvent) {
    event.preventDefault();
    const { header, audience, requiredScopes, source } = question;
    props.onAsk({
      ...{ header: header.trim(), audience: audience.trim(), requiredScopes },
      source: source.trim(),
    });
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
          description="The value that a client would send. It is sent to this server only."
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
          description="Optional. The audience that a JWT must name."
          value={question.audience}
          onChange={event => change({ audience: event.currentTarget.value })}
        />
        <TagsInput
          label="Required scopes"
          description="Optional. The token must have all of them. Press Enter after each."
          splitChars={[',', ' ']}
          value={question.requiredScopes}
          onChange={requiredScopes => change({ requiredScopes })}
        />
        <TextInput
          label="Address"
          description="Optional. The IP address from which the token is used, where only some are allowed."
          value={question.source}
          onChange={event => change({ source: event.currentTarget.value })}
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
