/** The deliveries of a webhook, newest first, with their answers. */

import { durationMs } from '@bufbuild/protobuf/wkt';
import { useInfiniteQuery } from '@connectrpc/connect-query';
import { Box, Button, Center, Group, Skeleton, Stack, Text, UnstyledButton } from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import { IconChevronRight, IconSend } from '@tabler/icons-react';
import { useId } from 'react';
import {
  type Delivery,
  type Delivery_Attempt,
  WebhookService,
} from '../../../gen/usher/v1/webhooks_pb.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { sayExact, When } from '../ui/when.tsx';
import { DeliveryBadge } from './health-badge.tsx';
import { useCall } from './use-call.ts';

/** How often the list is read again, in milliseconds. */
const refreshMs = 5000;

/** The list; it is read again every few seconds. */
export function Deliveries({ webhookId }: { webhookId: string }) {
  const list = useInfiniteQuery(
    WebhookService.method.listDeliveries,
    { webhookId, pageToken: '' },
    {
      pageParamKey: 'pageToken',
      getNextPageParam: page => page.nextPageToken || undefined,
      refetchInterval: refreshMs,
    },
  );
  if (list.isPending) {
    return (
      <Stack gap="xs" aria-busy="true" aria-label="Loading the deliveries">
        <Skeleton h={54} />
        <Skeleton h={54} />
      </Stack>
    );
  }
  if (!list.data) return <ErrorPanel error={list.error} onRetry={() => void list.refetch()} />;
  const deliveries = list.data.pages.flatMap(page => page.deliveries);
  if (deliveries.length === 0) {
    return (
      <EmptyState
        icon={IconSend}
        title="Nothing sent yet"
        text="Events appear here as soon as they happen. “Send test” sends one now."
      />
    );
  }
  return (
    <>
      <ol className="card delivery-list">
        {deliveries.map(delivery => (
          <Row key={delivery.id} delivery={delivery} />
        ))}
      </ol>
      {list.hasNextPage && (
        <Center mt="md">
          <Button
            variant="default"
            loading={list.isFetchingNextPage}
            onClick={() => void list.fetchNextPage()}
          >
            Load more
          </Button>
        </Center>
      )}
    </>
  );
}

function Row({ delivery }: { delivery: Delivery }) {
  const [isOpen, { toggle }] = useDisclosure(false);
  const id = useId();
  return (
    <li>
      <UnstyledButton
        className="delivery-row"
        onClick={toggle}
        aria-expanded={isOpen}
        aria-controls={id}
      >
        <IconChevronRight
          size={16}
          className="chevron"
          data-open={isOpen || undefined}
          aria-hidden
        />
        <Text span size="sm" fw={600} truncate>
          {delivery.event}{' '}
          <Text span size="sm" c="dimmed" fw={400}>
            {aboutOf(delivery)}
          </Text>
        </Text>
        <DeliveryBadge state={delivery.state} />
        <Text span size="sm" c="dimmed" className="delivery-when">
          <When time={delivery.time} />
        </Text>
      </UnstyledButton>
      {isOpen && (
        <div className="delivery-more" id={id}>
          <More delivery={delivery} />
        </div>
      )}
    </li>
  );
}

/** The name of the access token that it is about; "" for none. */
function aboutOf({ payload }: Delivery): string {
  try {
    return JSON.parse(payload).data?.accessToken?.name ?? '';
  } catch {
    return '';
  }
}

function More({ delivery }: { delivery: Delivery }) {
  const replay = useCall(WebhookService.method.replayDelivery);
  const { webhookId, id, messageId, payload, attempts, attemptsTotal } = delivery;
  async function again() {
    const answer = await replay.run({ webhookId, deliveryId: id });
    const last = answer?.delivery?.attempts.at(-1);
    if (last === undefined) return;
    notifications.show({
      message: last.error === '' ? `Sent again: it answered ${last.status}.` : last.error,
      ...(last.error !== '' && { color: 'red', role: 'alert', autoClose: 10_000 }),
    });
  }
  return (
    <>
      <dl className="facts">
        <Fact name="webhook-id" value={messageId} />
        <Fact name="Time" value={delivery.time ? sayExact(delivery.time) : ''} />
        <Fact name="Attempts" value={String(attemptsTotal)} />
        {delivery.nextAttemptTime && (
          <div>
            <dt>Next attempt</dt>
            <dd>
              <When time={delivery.nextAttemptTime} />
            </dd>
          </div>
        )}
      </dl>
      {attempts.toReversed().map(attempt => (
        <Answer key={`${attempt.time?.seconds}.${attempt.time?.nanos}`} attempt={attempt} />
      ))}
      <Body label="Body of the event" text={pretty(payload)} />
      {replay.error && <ErrorPanel error={replay.error} />}
      <Group>
        <Button
          size="xs"
          variant="default"
          leftSection={<IconSend size={14} aria-hidden />}
          loading={replay.isBusy}
          onClick={() => void again()}
        >
          Send again
        </Button>
      </Group>
    </>
  );
}

function Answer({ attempt }: { attempt: Delivery_Attempt }) {
  const { time, duration, status, error, answer } = attempt;
  return (
    <div>
      <Text size="sm">
        <When time={time} />: {error || `answered ${status}`}
        {duration && ` (${durationMs(duration)} ms)`}
      </Text>
      {answer !== '' && <Body label="Body of the answer" text={answer} />}
    </div>
  );
}

function Body({ label, text }: { label: string; text: string }) {
  return (
    // The keyboard can scroll it.
    <Box component="pre" className="delivery-text" tabIndex={0} role="region" aria-label={label}>
      {text}
    </Box>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  );
}

function pretty(payload: string): string {
  try {
    return JSON.stringify(JSON.parse(payload), null, 2);
  } catch {
    return payload;
  }
}
