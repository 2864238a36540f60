/** The page of one webhook: its health, what can be done with it, and its deliveries. */

import { useQuery } from '@connectrpc/connect-query';
import { Alert, Button, Group, Skeleton, Stack, Tabs, Text } from '@mantine/core';
import { notifications } from '@mantine/notifications';
import { IconAlertTriangle } from '@tabler/icons-react';
import { useState } from 'react';
import { useLocation, useSearchParams } from 'wouter';
import { type Webhook, WebhookService } from '../../../gen/usher/v1/webhooks_pb.ts';
import { Actor } from '../ui/actor.tsx';
import { Chips } from '../ui/chips.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { When } from '../ui/when.tsx';
import { Deliveries } from './deliveries.tsx';
import { HealthBadge } from './health-badge.tsx';
import { useCall } from './use-call.ts';
import { VerifyCode } from './verify-code.tsx';
import { EditDialog, RemoveDialog, RotateDialog } from './webhook-dialogs.tsx';
import { WebhookSecret } from './webhook-secret.tsx';
import { hostOf } from './webhooks-page.tsx';
import '../css/webhooks.css';

/** How often it is read again, in milliseconds. */
const refreshMs = 5000;

/** The page; after a rotation it shows the new secret instead. */
export default function WebhookPage({ id }: { id: string }) {
  const [rotated, setRotated] = useState<{ webhook: Webhook; secret: string }>();
  const read = useQuery(WebhookService.method.getWebhook, { id }, { refetchInterval: refreshMs });
  if (rotated) {
    return <WebhookSecret {...rotated} rotated onDone={() => setRotated(undefined)} />;
  }
  if (read.isPending) return <Skeleton h={320} aria-label="Loading the webhook" aria-busy="true" />;
  if (!read.data?.webhook) {
    return (
      <>
        <PageHeader title="Webhook" />
        {read.error && <ErrorPanel error={read.error} onRetry={() => void read.refetch()} />}
      </>
    );
  }
  return <Shown webhook={read.data.webhook} onRotated={setRotated} />;
}

type Open = 'edit' | 'rotate' | 'remove' | undefined;

function Shown(props: {
  webhook: Webhook;
  onRotated: (made: { webhook: Webhook; secret: string }) => void;
}) {
  const { webhook } = props;
  const [open, setOpen] = useState<Open>();
  const [, navigate] = useLocation();
  const [search, setSearch] = useSearchParams();
  const tab = search.get('tab') === 'code' ? 'code' : 'deliveries';
  const close = () => setOpen(undefined);
  return (
    <>
      <PageHeader
        title={webhook.description || hostOf(webhook.url)}
        text={webhook.url}
        actions={<Actions webhook={webhook} onOpen={setOpen} />}
      />
      <Stack gap="lg">
        <Problem webhook={webhook} />
        <Details webhook={webhook} />
        <Tabs
          value={tab}
          onChange={next => setSearch(next === 'code' ? { tab: 'code' } : {}, { replace: true })}
          keepMounted={false}
        >
          <Tabs.List mb="md">
            <Tabs.Tab value="deliveries">Deliveries</Tabs.Tab>
            <Tabs.Tab value="code">Verify events</Tabs.Tab>
          </Tabs.List>
          <Tabs.Panel value="deliveries">
            <Deliveries webhookId={webhook.id} />
          </Tabs.Panel>
          <Tabs.Panel value="code">
            <VerifyCode />
          </Tabs.Panel>
        </Tabs>
      </Stack>
      {open === 'edit' && <EditDialog webhook={webhook} onClose={close} />}
      {open === 'rotate' && (
        <RotateDialog webhook={webhook} onClose={close} onRotated={props.onRotated} />
      )}
      {open === 'remove' && (
        <RemoveDialog
          webhook={webhook}
          onClose={close}
          onRemoved={() => navigate('/webhooks', { replace: true })}
        />
      )}
    </>
  );
}

function Actions({ webhook, onOpen }: { webhook: Webhook; onOpen: (open: Open) => void }) {
  const test = useCall(WebhookService.method.testWebhook);
  const update = useCall(WebhookService.method.updateWebhook);
  const { id, enabled } = webhook;
  async function sendTest() {
    const answer = await test.run({ id });
    const last = answer?.delivery?.attempts.at(-1);
    if (last === undefined) return;
    const isGood = last.error === '';
    notifications.show({
      title: isGood ? 'The test arrived' : 'The test failed',
      message: isGood ? `It answered ${last.status}.` : last.error,
      ...(!isGood && { color: 'red', role: 'alert', autoClose: 10_000 }),
    });
  }
  const toggle = () =>
    update.run({ webhook: { id, enabled: !enabled }, updateMask: { paths: ['enabled'] } });
  const error = test.error ?? update.error;
  return (
    <Stack align="flex-end">
      <Group gap="sm">
        <Button onClick={() => void sendTest()} loading={test.isBusy}>
          Send test
        </Button>
        <Button variant="default" onClick={() => onOpen('edit')}>
          Edit
        </Button>
        <Button variant="default" onClick={() => void toggle()} loading={update.isBusy}>
          {enabled ? 'Disable' : 'Enable'}
        </Button>
        <Button variant="default" onClick={() => onOpen('rotate')}>
          Rotate secret
        </Button>
        <Button variant="default" onClick={() => onOpen('remove')}>
          Remove
        </Button>
      </Group>
      {error && <ErrorPanel error={error} />}
    </Stack>
  );
}

function Problem({ webhook }: { webhook: Webhook }) {
  const { disabledReason, failingSince, url } = webhook;
  const icon = <IconAlertTriangle aria-hidden />;
  if (url === '') {
    return (
      <Alert data-tone="bad" icon={icon} title="Its address cannot be read">
        The master key that encrypted it is not listed. List it again, or set the address again with
        Edit.
      </Alert>
    );
  }
  if (disabledReason !== '') {
    return (
      <Alert data-tone="bad" icon={icon} title="Usher disabled this webhook">
        Reason: {disabledReason}. What happened since then is not sent. When its receiver works
        again, enable it.
      </Alert>
    );
  }
  if (!failingSince) return null;
  return (
    <Alert data-tone="warn" icon={icon} title="Deliveries fail">
      The first of them failed <When time={failingSince} />, and none has arrived since. They are
      sent again; look at the last answers below.
    </Alert>
  );
}

function Details({ webhook }: { webhook: Webhook }) {
  const { events, owners, expiringDays, waiting, formerSecretUntil } = webhook;
  return (
    <dl className="card padded facts">
      <Fact name="Health">
        <HealthBadge webhook={webhook} />
      </Fact>
      <Fact name="Events">
        <Chips words={events} none="none" />
      </Fact>
      <Fact name="Owners">{owners.join(', ') || 'all'}</Fact>
      {events.includes('token.expiring') && (
        <Fact name="Days before the expiry">{expiringDays.join(', ')}</Fact>
      )}
      <Fact name="Waiting deliveries">{waiting === 100 ? '100 or more' : waiting}</Fact>
      {formerSecretUntil && (
        <Fact name="The former secret signs until">
          <When time={formerSecretUntil} />
        </Fact>
      )}
      <Fact name="Created">
        <When time={webhook.createTime} /> by{' '}
        <Actor actor={webhook.createdBy} name={webhook.createdByName} />
      </Fact>
      <Fact name="Changed">
        <When time={webhook.updateTime} />
      </Fact>
      <Fact name="UUID">
        <Text span size="sm" className="mono">
          {webhook.id}
        </Text>
      </Fact>
    </dl>
  );
}

function Fact({ name, children }: { name: string; children: React.ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}
