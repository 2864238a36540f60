/** A leak: what it is, what was done, where it was found, and a button for who took care of it. */

import { useMutation } from '@connectrpc/connect-query';
import { Anchor, Button, Group, List, Text, Title } from '@mantine/core';
import { IconCheck } from '@tabler/icons-react';
import { useQueryClient } from '@tanstack/react-query';
import { Link } from 'wouter';
import { type Leak, type Leak_Finding, LeakService } from '../../../gen/usher/v1/leaks_pb.ts';
import { useSession } from '../session.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { StateBadge } from '../ui/state-badge.tsx';
import { When } from '../ui/when.tsx';
import { sayDone, sayReporter, sayWhat, toneOf } from './leak-text.ts';

/** The card; with `isAlone` on the page of its access token, which needs no link there. */
export function LeakCard({ leak, isAlone = false }: { leak: Leak; isAlone?: boolean }) {
  const token = leak.accessToken;
  const title = isAlone || !token ? `${sayWhat(leak)} leaked` : `${sayWhat(leak)} of`;
  return (
    <article className="card padded leak" data-tone={leak.dismissTime ? 'quiet' : toneOf(leak)}>
      <Group gap="sm" mb={4}>
        <Title order={2} size="h5">
          {title}{' '}
          {token && !isAlone && (
            <Anchor component={Link} href={`/tokens/${token.id}`} inherit underline="always">
              {token.name}
            </Anchor>
          )}
          {token && !isAlone && ' leaked'}
        </Title>
        {token && !isAlone && <StateBadge state={token.state} />}
      </Group>
      <Text size="sm">{sayDone(leak)}</Text>
      <List size="sm" mt="xs" spacing={4} className="leak-places">
        {leak.findings.map(finding => (
          <List.Item key={`${finding.url} ${finding.source} ${finding.reporter}`}>
            <Place finding={finding} />
          </List.Item>
        ))}
      </List>
      <Dismissal leak={leak} />
    </article>
  );
}

function Place({ finding }: { finding: Leak_Finding }) {
  const { url, source, time, reporter } = finding;
  return (
    <>
      Reported by {sayReporter(reporter)} <When time={time} />
      {source && `, in: ${source}`}
      {url && (
        <>
          <br />
          <Anchor
            href={url}
            target="_blank"
            rel="noreferrer noopener"
            size="sm"
            className="leak-url"
          >
            {url}
          </Anchor>
        </>
      )}
    </>
  );
}

function Dismissal({ leak }: { leak: Leak }) {
  const { mayChange } = useSession();
  const queryClient = useQueryClient();
  const dismiss = useMutation(LeakService.method.dismissLeak, {
    onSuccess: () => queryClient.invalidateQueries({ queryKey: ['connect-query'] }),
  });
  if (leak.dismissTime) {
    return (
      <Text size="sm" c="dimmed" mt="xs">
        Dismissed by {leak.dismissedBy} <When time={leak.dismissTime} />
        {leak.dismissNote && `: ${leak.dismissNote}`}
      </Text>
    );
  }
  if (!mayChange) return null;
  return (
    <>
      {dismiss.error && <ErrorPanel error={dismiss.error} />}
      <Button
        mt="sm"
        size="xs"
        variant="default"
        leftSection={<IconCheck size={15} aria-hidden />}
        loading={dismiss.isPending}
        onClick={() => dismiss.mutate({ id: leak.id })}
      >
        It is taken care of
      </Button>
    </>
  );
}
