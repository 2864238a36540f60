/** How often an access token was used and refused. */

import { useQuery } from '@connectrpc/connect-query';
import { Box, Group, Skeleton, Text, Title } from '@mantine/core';
import { lazy, Suspense } from 'react';
import {
  type AccessToken,
  AccessTokenService,
  type GetUsageResponse,
  Kind,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { When } from '../ui/when.tsx';

const UsageChart = lazy(() => import('./usage-chart.tsx'));

/** The card, with a chart of the last 30 days. */
export function UsageCard({ token }: { token: AccessToken }) {
  const usage = useQuery(AccessTokenService.method.getUsage, { id: token.id });
  const address = usage.data?.lastUsedAddress;
  const total = usage.data?.days.reduce((sum, day) => sum + day.count, 0n) ?? 0n;
  return (
    <div className="card padded">
      <Group justify="space-between" align="flex-start" mb="sm" wrap="nowrap">
        <div>
          <Title order={2} size="h5" mb={4}>
            Usage
          </Title>
          <Text size="sm" c="dimmed">
            Verdicts in the last 30 days, by day (UTC)
          </Text>
        </div>
        <Box ta="right">
          <Text className="figure">{usage.data ? total.toLocaleString('en') : '–'}</Text>
          <Text size="sm" c="dimmed">
            Last used <When time={usage.data?.lastUsedTime ?? token.lastUsedTime} />
            {address && (
              <>
                {' '}
                from <span className="mono">{address}</span>
              </>
            )}
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
      {usage.data && <Refusals usage={usage.data} isJwt={token.kind === Kind.JWT} />}
    </div>
  );
}

/** What each reason means for the one who looks after the token. */
const words: Record<string, string> = {
  JWT_MISSING_EXP: 'JWT without an expiry',
  MALFORMED_CLAIM: 'JWT with a malformed claim',
  NOT_YET_VALID: 'not valid yet',
  EXPIRED: 'expired',
  REVOKED: 'revoked',
  WRONG_SOURCE: 'from an address that is not allowed',
  WRONG_AUDIENCE: 'meant for another audience',
  INSUFFICIENT_SCOPE: 'a required scope was missing',
  RATE_LIMITED: 'over a limit',
};

function Refusals({ usage: { refusals }, isJwt }: { usage: GetUsageResponse; isJwt: boolean }) {
  if (refusals.length === 0) return null;
  return (
    <Box mt="md">
      <Text size="sm" fw={600} mb={4}>
        Refused
      </Text>
      <ul className="refusals">
        {refusals.map(({ reason, count, lastTime }) => (
          <li key={reason}>
            <b>{count.toLocaleString('en')}</b> {words[reason] ?? reason}, last{' '}
            <When time={lastTime} />
          </li>
        ))}
      </ul>
      <Text size="xs" c="dimmed" mt={4}>
        Only with the right {isJwt ? 'signature' : 'token'}: guesses are not counted here.
      </Text>
    </Box>
  );
}
