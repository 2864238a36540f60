/** The status page: store, invalidation feed, master keys, listeners and versions of this server. */

import { Group, SimpleGrid, Skeleton, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';
import type { ServerStatus } from '../server-status.ts';
import { useStatus } from './status.ts';
import { CopyIcon } from './ui/copy.tsx';
import { ErrorPanel } from './ui/error-panel.tsx';
import { PageHeader } from './ui/page-header.tsx';

const storeNames: Record<ServerStatus['store']['kind'], string> = {
  lmdb: 'LMDB (embedded)',
  redis: 'Redis',
  'redis-cluster': 'Redis Cluster',
  'redis-sentinel': 'Redis with Sentinel',
};

const partNames: Record<ServerStatus['store']['degraded'][number]['what'], string> = {
  changes: 'Changes',
  feed: 'Feed',
  stale: 'Old records',
  masters: 'Masters',
  clock: 'Clock',
  certificate: 'Certificate',
  lost: 'Lost changes',
  limits: 'Limits',
  keys: 'Master keys',
};

/** The page; it reads the status again every few seconds. */
export default function StatusPage() {
  const status = useStatus(true);
  return (
    <>
      <PageHeader title="Status" text="The status of this server, updated every few seconds." />
      {status.isError && <ErrorPanel error={status.error} onRetry={() => void status.refetch()} />}
      {status.isPending && <Skeleton h={220} aria-label="Loading the status" aria-busy="true" />}
      {status.data && !status.isError && <Cards status={status.data} />}
    </>
  );
}

function Cards({ status }: { status: ServerStatus }) {
  const { store, feed, listeners, masterKeys } = status;
  return (
    <SimpleGrid cols={{ base: 1, sm: 2 }} spacing="lg">
      <Card title="Store" state={stateOf(store)}>
        <Fact name="Kind" value={storeNames[store.kind]} />
        <Text size="sm" c="dimmed" mt={6}>
          {store.up ? 'Verdicts are given.' : `No verdicts are given: ${store.reason}.`}
        </Text>
        {store.degraded.map(({ what, detail }) => (
          <Text key={what} size="sm" mt={6}>
            <b>{partNames[what]}</b>: {detail}.
          </Text>
        ))}
      </Card>
      {feed && (
        <Card title="Invalidation feed" state={feed.up ? 'up' : 'down'}>
          <Fact name="Kind" value={feed.kind} />
          <Fact name="Last sign of life" value={`${(feed.lagMs / 1000).toFixed(1)} s ago`} />
          {status.leaseMs !== undefined && (
            <Fact name="A revocation takes effect within" value={`${status.leaseMs / 1000} s`} />
          )}
        </Card>
      )}
      <Card title="Master keys">
        <Fact name="Writes" value={masterKeys.writes} />
        <Fact name="Read" value={masterKeys.reads.join(', ')} />
        {masterKeys.waitsFor.length > 0 && (
          <Text size="sm" mt={6}>
            A new key does not write yet. It waits for {masterKeys.waitsFor.join(', ')}.
          </Text>
        )}
      </Card>
      <Card title="Listeners">
        <Address name="HTTP" value={listeners.http} />
        <Address name="gRPC" value={listeners.grpc} />
        <Address name="Manager" value={listeners.manager} />
      </Card>
      <Card title="Versions">
        <Fact name="Usher" value={status.version} />
        <Fact name="Node.js" value={status.nodeVersion} />
        <Fact name="Worker processes" value={String(status.workers)} />
        <Fact name="Up for" value={sayUptime(status.uptimeSeconds)} />
      </Card>
    </SimpleGrid>
  );
}

type State = 'up' | 'degraded' | 'down';

const states: Record<State, { text: string; tone: 'good' | 'warn' | 'bad' }> = {
  up: { text: 'Up', tone: 'good' },
  degraded: { text: 'Degraded', tone: 'warn' },
  down: { text: 'Down', tone: 'bad' },
};

function stateOf({ up, degraded }: ServerStatus['store']): State {
  if (!up) return 'down';
  return degraded.length === 0 ? 'up' : 'degraded';
}

function Card(props: { title: string; state?: State; children: ReactNode }) {
  return (
    <section className="card padded">
      <Group justify="space-between" mb="sm">
        <Title order={2} size="h5">
          {props.title}
        </Title>
        {props.state && (
          <span className="state" data-tone={states[props.state].tone}>
            {states[props.state].text}
          </span>
        )}
      </Group>
      {props.children}
    </section>
  );
}

function Fact({ name, value }: { name: string; value: string }) {
  return (
    <Group justify="space-between" py={3}>
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Text size="sm" fw={550}>
        {value}
      </Text>
    </Group>
  );
}

function Address({ name, value }: { name: string; value: string }) {
  return (
    <Group justify="space-between" py={1} wrap="nowrap">
      <Text size="sm" c="dimmed">
        {name}
      </Text>
      <Group gap={4} wrap="nowrap">
        <code className="kid">{value}</code>
        <CopyIcon value={value} what={`the ${name} address`} />
      </Group>
    </Group>
  );
}

function sayUptime(seconds: number): string {
  const days = Math.floor(seconds / 86_400);
  const hours = Math.floor((seconds % 86_400) / 3_600);
  const minutes = Math.floor((seconds % 3_600) / 60);
  if (days > 0) return `${days} d ${hours} h`;
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min ${Math.floor(seconds % 60)} s`;
}
