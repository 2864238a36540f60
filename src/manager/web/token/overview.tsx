/** The overview of an access token: its id, usage, metadata and details. */

import { Code, Grid, Group, Stack, Text, Title } from '@mantine/core';
import { type AccessToken, Kind, State } from '../../../gen/usher/v1/access_token_pb.ts';
import { PowerWarning } from '../tokens/usher-scopes.tsx';
import { CopyIcon } from '../ui/copy.tsx';
import { Details } from './details.tsx';
import { LimitsCard } from './limits-card.tsx';
import { UsageCard } from './usage-card.tsx';

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
          {!isJwt && token.state === State.ACTIVE && (
            <PowerWarning scopes={token.scopes} owner={token.owner} />
          )}
          <Details token={token} />
        </div>
      </Grid.Col>
    </Grid>
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
