/** The dialog that finds the entries which revoked a jti or the JWTs of a subject. */

import { createClient } from '@connectrpc/connect';
import { useTransport } from '@connectrpc/connect-query';
import { Anchor, List, Text, TextInput } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import { Link } from 'wouter';
import { AccessTokenService, type AuditEvent } from '../../../gen/usher/v1/access_token_pb.ts';
import { plainSentence, tell } from '../../../wording/audit-sentence.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { sayTime } from './row-shared.ts';

interface Search {
  found: { event: AuditEvent; words: string }[];
  examined: number;
  left: number;
  isDone: boolean;
}

/** The dialog. `onFound` gets the numbers of the entries, which the list then marks. */
export function FindRevocation(props: {
  onFound: (entries: ReadonlySet<number>) => void;
  onClose: () => void;
}) {
  const transport = useTransport();
  const client = useMemo(() => createClient(AccessTokenService, transport), [transport]);
  const [value, setValue] = useState('');
  const [search, setSearch] = useState<Search>();
  const [error, setError] = useState<Error | null>(null);
  const stop = useRef<AbortController>(undefined);
  const isBusy = search !== undefined && !search.isDone && error === null;
  useEffect(() => () => stop.current?.abort(), []);

  async function find() {
    if (value.trim() === '') return;
    stop.current?.abort();
    const controller = new AbortController();
    stop.current = controller;
    const { signal } = controller;
    const found: Search['found'] = [];
    let examined = 0;
    let pageToken = '';
    setError(null);
    setSearch({ found, examined, left: 0, isDone: false });
    try {
      do {
        const query = { value: value.trim(), pageToken };
        const page = await client.findJwtRevocations(query, { signal });
        for (const { event } of page.matches) {
          if (event === undefined) continue;
          const words = plainSentence(tell(event, { names: page.names, sayTime }));
          found.push({ event, words });
        }
        examined += page.examined;
        pageToken = page.nextPageToken;
        const left = Number(page.left);
        setSearch({ found: [...found], examined, left, isDone: pageToken === '' });
      } while (pageToken !== '');
      props.onFound(new Set(found.map(({ event }) => Number(event.sequence))));
    } catch (cause) {
      if (!signal.aborted) setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  return (
    <Dialog title="Find a revocation" onClose={props.onClose}>
      <DialogForm
        action="Find"
        disabled={value.trim() === ''}
        isBusy={isBusy}
        error={error}
        onSubmit={() => void find()}
        onCancel={props.onClose}
      >
        <Text size="sm">
          The log holds neither a <code>jti</code> nor a subject, but keyed digests of them. Usher
          compares yours with these, and keeps nothing of it.
        </Text>
        <TextInput
          label="jti or subject"
          value={value}
          maxLength={256}
          autoComplete="off"
          spellCheck={false}
          data-autofocus
          onChange={event => {
            setValue(event.currentTarget.value);
            setSearch(undefined);
          }}
        />
        {search && <Found search={search} />}
      </DialogForm>
    </Dialog>
  );
}

function Found({ search: { found, examined, left, isDone } }: { search: Search }) {
  const count = (n: number) => n.toLocaleString('en');
  return (
    <div role="status">
      <Text size="sm" c="dimmed">
        {!isDone && `Read ${count(examined)} of ${count(examined + left)} entries. `}
        {isDone && found.length === 0 && 'No entry of the log revoked it.'}
        {found.length > 0 && (found.length === 1 ? 'This entry did:' : 'These entries did:')}
      </Text>
      <List size="sm" mt={4}>
        {found.map(({ event, words }) => (
          <List.Item key={String(event.sequence)}>
            <Anchor component={Link} href={`/audit?event=${event.sequence}`} size="sm">
              Entry {String(event.sequence)}
            </Anchor>
            : {words}
          </List.Item>
        ))}
      </List>
    </div>
  );
}
