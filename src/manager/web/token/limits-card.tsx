/** The limits of an access token, and how much of them is used. */

import { Group, Progress, Stack, Text, Title } from '@mantine/core';
import type { AccessToken, LimitUse } from '../../../gen/usher/v1/access_token_pb.ts';
import { sayQuota, sayRate } from '../tokens/limit-form.ts';
import { When } from '../ui/when.tsx';

/** The card; nothing for an access token without limits. */
export function LimitsCard({ token }: { token: AccessToken }) {
  const { rateLimit, rateLimitUse, quota, quotaUse } = token;
  if (!rateLimit && !quota) return null;
  return (
    <div className="card padded">
      <Title order={2} size="h5" mb={4}>
        Limits
      </Title>
      <Text size="sm" c="dimmed" mb="sm">
        Beyond a limit, the token is refused with HTTP 429 until uses stop counting.
      </Text>
      <Stack gap="md">
        {rateLimit && <Limit name="Rate limit" text={sayRate(rateLimit)} use={rateLimitUse} />}
        {quota && <Limit name="Quota" text={sayQuota(quota)} use={quotaUse} />}
      </Stack>
    </div>
  );
}

function Limit(props: { name: string; text: string; use: LimitUse | undefined }) {
  const { name, text, use } = props;
  return (
    <div>
      <Group justify="space-between" gap="xs">
        <Text size="sm">
          <b>{name}:</b> {text}
        </Text>
        {use?.resetTime && (
          <Text size="sm" c="dimmed">
            Starts again <When time={use.resetTime} />
          </Text>
        )}
      </Group>
      {use && (
        <>
          <Progress
            mt={6}
            mb={4}
            value={shareOf(use)}
            color="var(--usher-bar)"
            aria-label={`${name}: ${sayUse(use)}`}
          />
          <Text size="sm" c="dimmed">
            {sayUse(use)}
          </Text>
        </>
      )}
    </div>
  );
}

/** How much is used, in percent. */
function shareOf({ used, remaining }: LimitUse): number {
  const all = Number(used + remaining);
  return all === 0 ? 0 : Math.min(100, (Number(used) / all) * 100);
}

function sayUse({ used, remaining, subjects }: LimitUse): string {
  const counts = `${used.toLocaleString('en')} used, ${remaining.toLocaleString('en')} left`;
  if (subjects === 0n) return counts;
  return `${counts} for the subject with most uses, of ${subjects.toLocaleString('en')}`;
}
