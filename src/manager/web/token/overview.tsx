/** The overview of an access token: its id, usage, metadata and details. */

import { useQuery } from '@connectrpc/connect-query';
import { Box, Code, Grid, Group, Skeleton, Stack, Text, Title } from '@mantine/core';
import { lazy, type ReactNode, Suspense } from 'react';
import {
  type AccessToken,
  AccessTokenService,
  Kind,
  State,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { sayQuota, sayRate } from '../tokens/limit-form.ts';
import { Chips } from '../ui/chips.tsx';
import { CopyIcon } from '../ui/copy.tsx';
import { sayDuration } from '../ui/duration-input.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { When } from '../ui/when.tsx';
import { LimitsCard } from './limits-card.tsx';

const UsageChart = lazy(() => import('./usage-chart.tsx'));

/** The tab "Overview" of the Access Token page. */
export function Overview({ token }: { token: AccessToken }) {
  const isJwt = token.kind === Kind.JWT;
  return (
    <Grid gap="lg">
      <Grid.Col span={{ base: 12, lg: 8 }}>
        <Stack gap="lg">
          <div className="card padded">
            <Text size="sm" fw={600} mb={6}>
              {isJwt ? 'kid (UUID)' : 'UUID'}
            </Text>
            <Group gap="xs" wrap="nowrap">
              <code className="kid large" data-testid="token-id">
                {token.id}
              </code>
              <CopyIcon value={token.id} what={isJwt ? 'kid' : 'UUID'} />
            </Group>
            <Text size="sm" c="dimmed" mt={8}>
              {isJwt
                ? 'Put it into the header of every JWT that you sign with the secret key.'
                : 'It identifies this access token in logs and verdicts. It is not a secret.'}
            </Text>
          </div>
          <LimitsCard token={token} />
          <UsageCard token={token} />
          {token.metadata && Object.keys(token.metadata).length > 0 && (
            <div className="card padded">
              <CardTitle>Metadata</CardTitle>
              <Code block className="plain-code" tabIndex={0} role="region" aria-label="Metadata">
                {JSON.stringify(token.metadata, null, 2)}
              </Code>
            </div>
          )}
        </Stack>
      </Grid.Col>
      <Grid.Col span={{ base: 12, lg: 4 }}>
        <div className="card padded">
          <CardTitle>Details</CardTitle>
          <Details token={token} />
        </div>
      </Grid.Col>
    </Grid>
  );
}

function UsageCard({ token }: { token: AccessToken }) {
  const usage = useQuery(AccessTokenService.method.getUsage, { id: token.id });
  const total = usage.data?.days.reduce((sum, day) => sum + day.count, 0n) ?? 0n;
  return (
    <div className="card padded">
      <Group justify="space-between" align="flex-start" mb="sm" wrap="nowrap">
        <div>
          <CardTitle>Usage</CardTitle>
          <Text size="sm" c="dimmed">
            Valid verdicts in the last 30 days
          </Text>
        </div>
        <Box ta="right">
          <Text className="figure">{usage.data ? total.toLocaleString('en') : '–'}</Text>
          <Text size="sm" c="dimmed">
            Last used <When time={usage.data?.lastUsedTime ?? token.lastUsedTime} />
          </Text>
        </Box>
      </Group>
      {usage.isError && <ErrorPanel error={usage.error} onRetry={() => void usage.refetch()} />}
      {usage.isPending && <Skeleton h={200} />}
      {usage.data && (
        <Suspense fallback={<Skeleton h={200} />}>
          <UsageChart days={usage.data.days} />
        </Suspense>
      )}
    </div>
  );
}

function Details({ token }: { token: AccessToken }) {
  const isJwt = token.kind === Kind.JWT;
  return (
    <dl className="details">
      {token.state === State.REVOKED && (
        <>
          <Detail name="Revoked" value={<When time={token.revokeTime} />} />
          <Detail name="Reason" value={token.revokeReason || 'none given'} />
        </>
      )}
      <Detail name="Owner" value={token.owner || 'none'} />
      <Detail name="Scopes" value={<Chips words={token.scopes} none="none" />} />
      {token.grantableScopes.length > 0 && (
        <Detail name="Scopes it may give" value={<Chips words={token.grantableScopes} none="" />} />
      )}
      {isJwt && (
        <>
          <Detail name="Audiences" value={<Chips words={token.audiences} none="any" />} />
          <Detail
            name="Longest JWT lifetime"
            value={
              token.jwtLifetimeMax ? sayDuration(Number(token.jwtLifetimeMax.seconds)) : 'no limit'
            }
          />
        </>
      )}
      <Detail name="Allowed addresses" value={<Chips words={token.allowedSources} none="any" />} />
      <Detail name="Rate limit" value={token.rateLimit ? sayRate(token.rateLimit) : 'none'} />
      <Detail name="Quota" value={token.quota ? sayQuota(token.quota) : 'none'} />
      <Detail name="Expires" value={<When time={token.expireTime} />} />
      <Detail name="Created" value={<When time={token.createTime} />} />
      <Detail name="Updated" value={<When time={token.updateTime} />} />
      <Detail
        name={isJwt ? 'Secret key created' : 'Token created'}
        value={<When time={token.rotateTime} />}
      />
      {token.previousSecretExpireTime && (
        <Detail
          name={isJwt ? 'Previous secret key expires' : 'Previous token expires'}
          value={<When time={token.previousSecretExpireTime} />}
        />
      )}
      {isJwt && <RevokedJwts token={token} />}
      {token.imported && <Detail name="Imported" value={token.imported} />}
      <Detail name="Revision" value={String(token.revision)} />
    </dl>
  );
}

function RevokedJwts({ token }: { token: AccessToken }) {
  return (
    <>
      <Detail
        name="JWTs revoked by jti or subject"
        value={token.revokedJwts.toLocaleString('en')}
      />
      {token.jwtsRevokedBeforeTime && (
        <Detail
          name="JWTs revoked if issued before"
          value={<When time={token.jwtsRevokedBeforeTime} />}
        />
      )}
    </>
  );
}

function Detail({ name, value }: { name: string; value: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

/** The title of a card. */
function CardTitle({ children }: { children: string }) {
  return (
    <Title order={2} size="h5" mb={4}>
      {children}
    </Title>
  );
}
