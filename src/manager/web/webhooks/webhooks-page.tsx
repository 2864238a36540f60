/** The page of all webhooks. */

import { useQuery } from '@connectrpc/connect-query';
import { Anchor, Button, Skeleton, Stack, Text } from '@mantine/core';
import { IconWebhook } from '@tabler/icons-react';
import { Link } from 'wouter';
import { type Webhook, WebhookService } from '../../../gen/usher/v1/webhooks_pb.ts';
import { Chips } from '../ui/chips.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { When } from '../ui/when.tsx';
import { HealthBadge } from './health-badge.tsx';
import '../css/webhooks.css';

/** How often they are read again, in milliseconds. */
const refreshMs = 10_000;
/** Events that a row names. */
const eventsShown = 3;

/** Webhooks with their health. */
export default function WebhooksPage() {
  const list = useQuery(WebhookService.method.listWebhooks, {}, { refetchInterval: refreshMs });
  const create = (
    <Button component={Link} href="/webhooks/new">
      New webhook
    </Button>
  );
  const webhooks = list.data?.webhooks ?? [];
  return (
    <>
      <PageHeader
        title="Webhooks"
        text="Tell your own programs when access tokens are created, rotated, revoked, leaked or about to expire. Events are signed, and sent again until they arrive."
        actions={webhooks.length > 0 ? create : undefined}
      />
      {list.isPending && (
        <Stack gap="xs" aria-busy="true" aria-label="Loading the webhooks">
          <Skeleton h={72} />
          <Skeleton h={72} />
        </Stack>
      )}
      {list.isError && <ErrorPanel error={list.error} onRetry={() => void list.refetch()} />}
      {list.data && webhooks.length === 0 && (
        <EmptyState
          icon={IconWebhook}
          title="No webhooks yet"
          text="Create one, and Usher sends what happens, so that you need not ask."
        >
          {create}
        </EmptyState>
      )}
      {webhooks.length > 0 && (
        <ul className="card hook-list">
          {webhooks.map(webhook => (
            <Row key={webhook.id} webhook={webhook} />
          ))}
        </ul>
      )}
    </>
  );
}

function Row({ webhook }: { webhook: Webhook }) {
  const { id, url, description, events, owners, lastDelivery } = webhook;
  const last = lastDelivery?.attempts.at(-1);
  return (
    <li className="hook-row">
      <div className="hook-what">
        <Anchor component={Link} href={`/webhooks/${id}`} fw={600} className="hook-name">
          {description || hostOf(url)}
        </Anchor>
        <Text size="xs" c="dimmed" truncate title={url}>
          {url || 'Its address cannot be read: its master key is not listed.'}
        </Text>
        <Chips words={events} none="" max={eventsShown} />
        {owners.length > 0 && (
          <Text size="xs" c="dimmed">
            Owners: {owners.join(', ')}
          </Text>
        )}
      </div>
      <div className="hook-health">
        <HealthBadge webhook={webhook} />
        {last && (
          <Text size="xs" c="dimmed">
            {last.error || `answered ${last.status}`}, <When time={last.time} />
          </Text>
        )}
      </div>
    </li>
  );
}

/** The host of an address, for a heading. */
export function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).host : 'Webhook';
}
