/** The Access Token page: one access token, with buttons to change, rotate and revoke it. */

import { Code } from '@connectrpc/connect';
import { useQuery } from '@connectrpc/connect-query';
import {
  Anchor,
  Breadcrumbs,
  Button,
  Group,
  Skeleton,
  Stack,
  Tabs,
  Text,
  Title,
} from '@mantine/core';
import {
  IconBan,
  IconCode,
  IconEdit,
  IconFileOff,
  IconHistory,
  IconInfoCircle,
  IconRefresh,
} from '@tabler/icons-react';
import { useState } from 'react';
import { Link, useSearchParams } from 'wouter';
import {
  type AccessToken,
  AccessTokenService,
  Kind,
  State,
} from '../../../gen/usher/v1/access_token_pb.ts';
import { TokenAuditList } from '../audit/audit-list.tsx';
import { SnippetPanel } from '../code/snippet-panel.tsx';
import { useSession } from '../session.ts';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { GraceBadge } from '../ui/grace-badge.tsx';
import { KindBadge, StateBadge } from '../ui/state-badge.tsx';
import { useTitle } from '../ui/use-title.ts';
import { EditDialog } from './edit-dialog.tsx';
import { Overview } from './overview.tsx';
import { Reveal } from './reveal.tsx';
import { RevokeDialog } from './revoke-dialog.tsx';
import { RevokeJwtsDialog } from './revoke-jwts-dialog.tsx';
import { RotateDialog } from './rotate-dialog.tsx';

type Open = 'edit' | 'rotate' | 'revoke' | 'revoke-jwts' | undefined;

/** The page of the access token with this UUID. */
export default function AccessTokenPage({ id }: { id: string }) {
  const query = useQuery(AccessTokenService.method.get, { id });
  useTitle(
    query.data?.accessToken ? `Access Token · ${query.data.accessToken.name}` : 'Access Token',
  );
  if (query.isPending) return <Waiting />;
  // When a later read fails, the earlier data stays on the page: it may be showing a new secret.
  if (!query.data) {
    return (
      <Stack>
        <Title order={1} size="h2">
          Access Token
        </Title>
        <ErrorPanel
          error={query.error}
          {...(query.error.code !== Code.NotFound && { onRetry: () => void query.refetch() })}
        />
      </Stack>
    );
  }
  return query.data.accessToken && <Loaded token={query.data.accessToken} />;
}

function Loaded({ token }: { token: AccessToken }) {
  const [open, setOpen] = useState<Open>();
  const [rotated, setRotated] = useState<{ token: AccessToken; secret: string }>();
  const close = () => setOpen(undefined);
  if (rotated) return <Reveal {...rotated} rotated onDone={() => setRotated(undefined)} />;
  return (
    <>
      <Breadcrumbs mb="sm" aria-label="Breadcrumb" component="nav">
        <Anchor component={Link} href="/" size="sm">
          Access tokens
        </Anchor>
        <Text size="sm" c="dimmed" lh={1.55} truncate maw={320}>
          {token.name}
        </Text>
      </Breadcrumbs>
      <Header token={token} onOpen={setOpen} />
      <Sections token={token} />
      {open === 'edit' && <EditDialog token={token} onClose={close} />}
      {open === 'rotate' && <RotateDialog token={token} onClose={close} onRotated={setRotated} />}
      {open === 'revoke' && <RevokeDialog token={token} onClose={close} />}
      {open === 'revoke-jwts' && <RevokeJwtsDialog token={token} onClose={close} />}
    </>
  );
}

function Header({ token, onOpen }: { token: AccessToken; onOpen: (open: Open) => void }) {
  const { mayChange } = useSession();
  const isRevoked = token.state === State.REVOKED;
  return (
    <Group justify="space-between" align="flex-end" mb="lg" gap="md">
      <div className="token-title">
        <Title order={1} className="eyebrow">
          Access Token
        </Title>
        <Group gap="sm">
          <Text className="token-name">{token.name}</Text>
          <KindBadge kind={token.kind} />
          <StateBadge state={token.state} />
          <GraceBadge token={token} />
        </Group>
      </div>
      {mayChange && !isRevoked && (
        <Group gap="xs">
          <Button
            variant="default"
            leftSection={<IconEdit size={16} aria-hidden />}
            onClick={() => onOpen('edit')}
          >
            Edit
          </Button>
          <Button
            variant="default"
            leftSection={<IconRefresh size={16} aria-hidden />}
            onClick={() => onOpen('rotate')}
          >
            Rotate
          </Button>
          {token.kind === Kind.JWT && (
            <Button
              variant="default"
              leftSection={<IconFileOff size={16} aria-hidden />}
              onClick={() => onOpen('revoke-jwts')}
            >
              Revoke JWTs
            </Button>
          )}
          <Button
            className="danger-outline"
            variant="outline"
            leftSection={<IconBan size={16} aria-hidden />}
            onClick={() => onOpen('revoke')}
          >
            Revoke
          </Button>
        </Group>
      )}
    </Group>
  );
}

function Sections({ token }: { token: AccessToken }) {
  const [search, setSearch] = useSearchParams();
  const shown = search.get('tab') ?? 'overview';
  const show = (tab: string | null) =>
    setSearch(tab && tab !== 'overview' ? { tab } : {}, { replace: true });
  return (
    <Tabs value={shown} onChange={show} keepMounted={false}>
      <Tabs.List mb="lg" aria-label="About this access token">
        <Tabs.Tab value="overview" leftSection={<IconInfoCircle size={16} aria-hidden />}>
          Overview
        </Tabs.Tab>
        <Tabs.Tab value="code" leftSection={<IconCode size={16} aria-hidden />}>
          Code
        </Tabs.Tab>
        <Tabs.Tab value="audit" leftSection={<IconHistory size={16} aria-hidden />}>
          Audit trail
        </Tabs.Tab>
      </Tabs.List>
      <Tabs.Panel value="overview">
        <Overview token={token} />
      </Tabs.Panel>
      <Tabs.Panel value="code">
        <SnippetPanel token={token} />
      </Tabs.Panel>
      <Tabs.Panel value="audit">
        <TokenAuditList tokenId={token.id} />
      </Tabs.Panel>
    </Tabs>
  );
}

function Waiting() {
  return (
    <Stack aria-busy="true" aria-label="Loading the access token">
      <Skeleton h={18} w={160} />
      <Skeleton h={34} w={320} />
      <Skeleton h={220} mt="md" />
      <Skeleton h={260} />
    </Stack>
  );
}
