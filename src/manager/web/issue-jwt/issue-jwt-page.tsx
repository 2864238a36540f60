/** The page that issues a JWT: the server signs it with the secret key of an access token. */

import { useMutation, useQuery } from '@connectrpc/connect-query';
import { Grid } from '@mantine/core';
import { IconLock, IconSignature } from '@tabler/icons-react';
import { useSearchParams } from 'wouter';
import { AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { VerifierService } from '../../../gen/usher/v1/verifier_pb.ts';
import { useSession } from '../session.ts';
import { readObject } from '../tokens/token-form.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { IssuedJwt } from './issued-jwt.tsx';
import { type Order, OrderForm } from './order-form.tsx';
import { TokenChoice } from './token-choice.tsx';

/** The page; callers without scope usher.jwts.issue see why they may not use it. */
export default function IssueJwtPage() {
  const { mayIssue } = useSession();
  return (
    <>
      <PageHeader
        title="Issue a JWT"
        text="For tests, scripts, and services that do not sign JWTs themselves."
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
  const issue = useMutation(VerifierService.method.issueJwt);
  const isChosen = tokenId !== '';
  const chosen = useQuery(AccessTokenService.method.get, { id: tokenId }, { enabled: isChosen });
  const token = chosen.data?.accessToken;

  function order({ subject, audience, scopes, lifetimeSeconds = 0, claims }: Order) {
    issue.mutate({
      tokenId,
      subject: subject.trim(),
      audience,
      scopes,
      ...(claims.trim() !== '' && { claims: readObject(claims) ?? {} }),
      expiry: { case: 'lifetime', value: { seconds: BigInt(lifetimeSeconds) } },
    });
  }

  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, lg: 5 }}>
        <OrderForm token={token} isBusy={issue.isPending} onOrder={order}>
          <TokenChoice
            value={tokenId}
            name={token?.name}
            onChange={id => setSearch(id ? { kid: id } : {}, { replace: true })}
          />
        </OrderForm>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 7 }}>
        {chosen.isError && <ErrorPanel error={chosen.error} />}
        {issue.isError && <ErrorPanel error={issue.error} />}
        {issue.data && <IssuedJwt issued={issue.data} tokenId={tokenId} onDone={issue.reset} />}
        {!issue.data && !issue.isError && !chosen.isError && (
          <div className="card">
            <EmptyState
              icon={IconSignature}
              title="No JWT yet"
              text="The JWT appears here. You can revoke it by its jti on the Access Token page."
            />
          </div>
        )}
      </Grid.Col>
    </Grid>
  );
}
