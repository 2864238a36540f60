/** Signs a JWT with the secret key of an access token. */

import { useMutation, useQuery } from '@connectrpc/connect-query';
import { Button, Grid, JsonInput, Select, Stack, TagsInput, TextInput } from '@mantine/core';
import { useDebouncedValue } from '@mantine/hooks';
import { IconLock, IconSignature } from '@tabler/icons-react';
import { type FormEvent, useState } from 'react';
import { useSearchParams } from 'wouter';
import { AccessTokenService, Kind, State } from '../../../gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../../gen/usher/v1/verifier_pb.ts';
import { useSession } from '../session.ts';
import { looksSecret } from '../tokens/filters.ts';
import { readObject } from '../tokens/token-form.ts';
import { DurationInput } from '../ui/duration-input.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { IssuedJwt } from './issued-jwt.tsx';

const typingMs = 250;

/** The page. */
export default function IssueJwtPage() {
  const { mayIssue } = useSession();
  return (
    <>
      <PageHeader
        title="Issue a JWT"
        text="For trying out, for scripts, and for services that would rather not sign themselves."
      />
      {mayIssue ? (
        <IssueJwt />
      ) : (
        <EmptyState
          icon={IconLock}
          title="You may not issue JWTs"
          text="Your token lacks scope usher.jwts.issue."
        />
      )}
    </>
  );
}

function IssueJwt() {
  const [search, setSearch] = useSearchParams();
  const tokenId = search.get('kid') ?? '';
  const [subject, setSubject] = useState('');
  const [audience, setAudience] = useState<string[]>([]);
  const [scopes, setScopes] = useState<string[]>([]);
  const [lifetime, setLifetime] = useState<number | undefined>(3_600);
  const [claims, setClaims] = useState('');
  const issue = useMutation(VerifierService.method.issueJwt);
  const chosen = useQuery(
    AccessTokenService.method.get,
    { id: tokenId },
    { enabled: tokenId !== '' },
  );
  const token = chosen.data?.accessToken;
  const object = readObject(claims);

  function submit(event: FormEvent) {
    event.preventDefault();
    if (!tokenId || !lifetime || !object) return;
    issue.mutate({
      tokenId,
      subject: subject.trim(),
      audience,
      scopes,
      ...(Object.keys(object).length > 0 && { claims: object }),
      expiry: { case: 'lifetime', value: { seconds: BigInt(lifetime) } },
    });
  }

  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <form onSubmit={submit} noValidate className="card padded">
          <Stack>
            <TokenChoice
              value={tokenId}
              name={token?.name}
              onChange={id => setSearch(id ? { kid: id } : {}, { replace: true })}
            />
            <TextInput
              label="Subject"
              description='The "sub" claim: who it is about.'
              maxLength={256}
              value={subject}
              onChange={event => setSubject(event.currentTarget.value)}
            />
            <TagsInput
              label="Audience"
              data={token?.audiences ?? []}
              value={audience}
              onChange={setAudience}
            />
            <TagsInput
              label="Scopes"
              description="None gives all those of its access token."
              data={token?.scopes ?? []}
              value={scopes}
              onChange={setScopes}
            />
            <DurationInput
              label="Lifetime"
              min={1}
              value={lifetime}
              onChange={setLifetime}
              error={lifetime ? undefined : 'A JWT needs one.'}
            />
            <JsonInput
              label="Further claims"
              placeholder='{"plan": "pro"}'
              autosize
              minRows={3}
              maxRows={10}
              classNames={{ input: 'mono' }}
              value={claims}
              onChange={setClaims}
              error={!object && 'This is not a JSON object.'}
            />
            <Button type="submit" loading={issue.isPending} disabled={!tokenId}>
              Issue
            </Button>
          </Stack>
        </form>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 7 }}>
        {issue.isError && <ErrorPanel error={issue.error} />}
        {issue.data && <IssuedJwt issued={issue.data} tokenId={tokenId} onDone={issue.reset} />}
        {!issue.data && !issue.isError && (
          <div className="card">
            <EmptyState
              icon={IconSignature}
              title="No JWT yet"
              text="It is shown here, and can be revoked alone, by its jti, on the Access Token page."
            />
          </div>
        )}
      </Grid.Col>
    </Grid>
  );
}

function TokenChoice(props: {
  value: string;
  name: string | undefined;
  onChange: (id: string | null) => void;
}) {
  const { value, name, onChange } = props;
  const [text, setText] = useState('');
  const [asked] = useDebouncedValue(text === name || looksSecret(text) ? '' : text, typingMs);
  const list = useQuery(AccessTokenService.method.list, {
    kind: Kind.JWT,
    state: State.ACTIVE,
    text: asked,
    pageSize: 20,
  });
  const found =
    list.data?.accessTokens.map(token => ({ value: token.id, label: token.name })) ?? [];
  const isListed = found.some(option => option.value === value);
  return (
    <Select
      label="Access token"
      description="One of kind jwt. Type to search."
      placeholder="Choose one"
      searchable
      required
      data={value && name && !isListed ? [{ value, label: name }, ...found] : found}
      filter={({ options }) => options}
      value={value || null}
      onChange={onChange}
      searchValue={text}
      onSearchChange={setText}
      nothingFoundMessage={list.isFetching ? 'Searching…' : 'None of kind jwt matches'}
    />
  );
}
