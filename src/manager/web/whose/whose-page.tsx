/** The page "Whose is this?": it finds the access token of anything that people come across. */

import { Alert, Button, Group, Loader, Stack, Text, Textarea } from '@mantine/core';
import { IconZoomQuestion } from '@tabler/icons-react';
import { type FormEvent, useEffect, useEffectEvent, useState } from 'react';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { takeHandedOver } from './handed-over.ts';
import { MatchCard } from './match-card.tsx';
import { type Search, useSearch } from './use-search.ts';

/** The page. What is pasted goes to the server in the body of a request, and is kept nowhere. */
export default function WhosePage() {
  const [text, setText] = useState('');
  const { search, start, stop, clear } = useSearch();

  // Another page may have handed a paste over.
  const takePaste = useEffectEvent(() => {
    const given = takeHandedOver();
    if (given === undefined) return;
    setText(given);
    start(given);
  });
  useEffect(() => takePaste(), []);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (text.trim() !== '') start(text);
  }
  return (
    <>
      <PageHeader
        title="Whose is this?"
        text="Paste what you found: a token or a part of one, a JWT, a secret key, a kid, or a jti that was revoked. It is sent to the server for this search, and kept nowhere."
      />
      <form onSubmit={submit} className="card padded">
        <Textarea
          label="What you found"
          value={text}
          onChange={event => setText(event.currentTarget.value)}
          onKeyDown={event => {
            if (event.key === 'Enter' && !event.shiftKey) submit(event);
          }}
          autosize
          minRows={2}
          maxRows={8}
          autoComplete="off"
          autoCorrect="off"
          autoCapitalize="off"
          spellCheck={false}
          classNames={{ input: 'mono' }}
          data-1p-ignore
        />
        <Group mt="md">
          <Button
            type="submit"
            disabled={text.trim() === ''}
            loading={search.state === 'searching' && search.examined === 0}
          >
            Find
          </Button>
          <Button
            variant="default"
            onClick={() => {
              setText('');
              clear();
            }}
          >
            Clear
          </Button>
        </Group>
      </form>
      <div role="status" aria-live="polite">
        <Stack mt="lg">
          <Progress search={search} onStop={stop} />
          {search.error && <ErrorPanel error={search.error} onRetry={() => start(search.text)} />}
          {search.matches.map(match => (
            <MatchCard
              key={`${match.accessToken?.id} ${match.matchedBy}`}
              match={match}
              text={search.text}
              onChanged={() => start(search.text)}
            />
          ))}
          <Nothing search={search} />
        </Stack>
      </div>
    </>
  );
}

/** How far a search is that goes through all access tokens. */
function Progress({ search, onStop }: { search: Search; onStop: () => void }) {
  const { state, examined } = search;
  if (examined === 0 || state === 'idle') return null;
  const count = `${examined.toLocaleString('en')} access tokens searched`;
  if (state !== 'searching') {
    return (
      <Text size="sm" c="dimmed">
        {state === 'stopped' ? `Stopped: ${count}` : count}
      </Text>
    );
  }
  return (
    <Group gap="sm">
      <Loader size="xs" aria-hidden />
      <Text size="sm">{count} so far</Text>
      <Button size="xs" variant="default" onClick={onStop}>
        Stop
      </Button>
    </Group>
  );
}

function Nothing({ search }: { search: Search }) {
  const { state, matches, error, examined } = search;
  if (state === 'idle') {
    return (
      <div className="card">
        <EmptyState
          icon={IconZoomQuestion}
          title="Nothing searched yet"
          text="Of a token its prefix and the 22 characters behind it are enough, of a JWT its header."
        />
      </div>
    );
  }
  if (state !== 'done' || error || matches.length > 0) return null;
  return (
    <Alert data-tone="quiet" title="No access token was found">
      {examined > 0
        ? 'It is no secret key of this server, and no jti or subject that was revoked. A jti that was never revoked is not kept.'
        : 'It names an access token that this server does not have, or that you may not see.'}
    </Alert>
  );
}
