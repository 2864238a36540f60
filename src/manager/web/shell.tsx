/** The frame of every page: navigation, colour scheme, and the signed-in caller. */

import {
  ActionIcon,
  AppShell,
  Box,
  Burger,
  Button,
  Group,
  NavLink,
  ScrollArea,
  Stack,
  Text,
  Tooltip,
  useComputedColorScheme,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure, useMediaQuery } from '@mantine/hooks';
import { notifications } from '@mantine/notifications';
import {
  IconActivityHeartbeat,
  IconDevices,
  IconFingerprint,
  IconHistory,
  IconKey,
  IconLogout,
  IconMoon,
  IconSignature,
  IconStack2,
  IconSun,
  IconTestPipe,
  IconUsers,
  IconWebhook,
  IconZoomExclamation,
  IconZoomQuestion,
} from '@tabler/icons-react';
import { lazy, type ReactNode, Suspense, useEffect, useRef, useState } from 'react';
import { Link, useLocation } from 'wouter';
import { signOut, useSession } from './session.ts';
import { leaveAfterAsking } from './ui/leave-guard.ts';
import { Mark } from './ui/mark.tsx';

// Each comes a moment after the page, which does not need it.
const Bell = lazy(async () => ({ default: (await import('./notices/bell.tsx')).Bell }));
const JobsUnderway = lazy(async () => ({
  default: (await import('./jobs/jobs-underway.tsx')).JobsUnderway,
}));

const places: Place[] = [
  { to: '/', label: 'Access tokens', icon: IconKey, isFor: ({ mayRead }) => mayRead },
  { to: '/issue-jwt', label: 'Issue a JWT', icon: IconSignature, isFor: ({ mayRead }) => mayRead },
  { to: '/audit', label: 'Audit log', icon: IconHistory },
  { to: '/people', label: 'People', icon: IconUsers, isFor: session => session.mayManagePeople },
  {
    to: '/webhooks',
    label: 'Webhooks',
    icon: IconWebhook,
    isFor: ({ scopes }) => scopes.includes('usher.admin'),
  },
  { to: '/jobs', label: 'Jobs', icon: IconStack2, isFor: ({ mayRead }) => mayRead },
  { to: '/try-it', label: 'Try it', icon: IconTestPipe, isFor: ({ mayRead }) => mayRead },
  {
    to: '/whose',
    label: 'Whose is this?',
    icon: IconZoomQuestion,
    isFor: ({ mayRead }) => mayRead,
  },
  { to: '/leaks', label: 'Leaks', icon: IconZoomExclamation, isFor: ({ mayRead }) => mayRead },
  { to: '/status', label: 'Status', icon: IconActivityHeartbeat },
];

interface Place {
  to: string;
  label: string;
  icon: typeof IconKey;
  /** Whether a session sees it; absent for every one. */
  isFor?: (session: ReturnType<typeof useSession>) => boolean;
}

/** Puts the frame around a page. */
export function Shell({ children }: { children: ReactNode }) {
  const [opened, { toggle, close }] = useDisclosure(false);
  const [path] = useLocation();
  const main = useRef<HTMLElement>(null);
  const { mayRead } = useSession();
  const isNarrow = useMediaQuery('(max-width: 62em)', false, { getInitialValueInEffect: false });
  const isFirst = useRef(true);

  // A new page starts at its top: the scroll position and the keyboard focus go there.
  useEffect(() => {
    if (isFirst.current && path) isFirst.current = false;
    else {
      main.current?.focus({ preventScroll: true });
      window.scrollTo(0, 0);
    }
  }, [path]);

  return (
    <AppShell
      header={{ height: { base: 56, md: 0 } }}
      navbar={{ width: 248, breakpoint: 'md', collapsed: { mobile: !opened } }}
      padding={0}
      layout="alt"
    >
      <a className="skip-link" href="#main">
        Skip to content
      </a>
      <AppShell.Header className="app-header" hiddenFrom="md">
        <Group h="100%" px="md" justify="space-between">
          <Mark />
          <Group gap="xs">
            <Suspense>{isNarrow && mayRead && <Bell />}</Suspense>
            <NavigationButton opened={opened} onClick={toggle} />
          </Group>
        </Group>
      </AppShell.Header>
      <AppShell.Navbar className="app-navbar" p="md" aria-label="Main">
        <Group justify="space-between" mb="lg" px={6} h={36}>
          <Mark />
          <Suspense>{!isNarrow && mayRead && <Bell />}</Suspense>
          <NavigationButton opened={opened} onClick={toggle} />
        </Group>
        <Places path={path} onGo={close} />
        <Suspense>
          <JobsUnderway path={path} />
        </Suspense>
        <Account onGo={close} />
      </AppShell.Navbar>
      <AppShell.Main id="main" ref={main} tabIndex={-1} className="app-main">
        <Box className="app-page">{children}</Box>
      </AppShell.Main>
    </AppShell>
  );
}

function NavigationButton({ opened, onClick }: { opened: boolean; onClick: () => void }) {
  return (
    <Burger
      opened={opened}
      onClick={onClick}
      size="sm"
      hiddenFrom="md"
      aria-label={opened ? 'Close navigation' : 'Open navigation'}
      aria-expanded={opened}
    />
  );
}

function Places({ path, onGo }: { path: string; onGo: () => void }) {
  const session = useSession();
  const shown = places.filter(({ isFor }) => isFor?.(session) ?? true);
  return (
    <ScrollArea className="app-navbar-links">
      <Stack gap={4}>
        {shown.map(place => (
          <NavLink
            key={place.to}
            component={Link}
            href={place.to}
            label={place.label}
            leftSection={<place.icon size={18} stroke={1.7} aria-hidden />}
            active={isAt(path, place.to)}
            aria-current={isAt(path, place.to) ? 'page' : undefined}
            onClick={onGo}
          />
        ))}
      </Stack>
    </ScrollArea>
  );
}

function isAt(path: string, place: string): boolean {
  return place === '/' ? path === '/' || path.startsWith('/tokens') : path.startsWith(place);
}

function Account({ onGo }: { onGo: () => void }) {
  const session = useSession();
  const [isBusy, setBusy] = useState(false);
  async function leave() {
    setBusy(true);
    const message = await signOut();
    setBusy(false);
    if (message !== '') notifications.show({ message, color: 'red', role: 'alert' });
  }
  const name = session.actor === 'admin' ? 'Admin token' : session.name;
  return (
    <Stack gap="xs" className="app-account">
      <Group justify="space-between" wrap="nowrap" px={6}>
        <Box miw={0}>
          <Text size="sm" fw={600} truncate>
            {name}
          </Text>
          <Text size="xs" c="dimmed" truncate>
            {session.owners
              ? `Owner ${session.owners.join(', ')}`
              : session.isAdmin
                ? 'Full access'
                : session.mayChange
                  ? 'All owners'
                  : 'Read only'}
          </Text>
        </Box>
        <SchemeToggle />
      </Group>
      <Button
        component={Link}
        href="/sessions"
        variant="subtle"
        color="gray"
        size="xs"
        leftSection={<IconDevices size={15} aria-hidden />}
        onClick={onGo}
      >
        My sessions
      </Button>
      {session.actor.startsWith('person:') && (
        <Button
          component={Link}
          href="/passkeys"
          variant="subtle"
          color="gray"
          size="xs"
          leftSection={<IconFingerprint size={15} aria-hidden />}
          onClick={onGo}
        >
          My passkeys
        </Button>
      )}
      <Button
        variant="default"
        size="xs"
        leftSection={<IconLogout size={15} aria-hidden />}
        loading={isBusy}
        onClick={() => leaveAfterAsking(() => void leave())}
      >
        Sign out
      </Button>
    </Stack>
  );
}

/** A button that switches between light and dark colours. */
export function SchemeToggle() {
  const { setColorScheme } = useMantineColorScheme();
  const scheme = useComputedColorScheme('light');
  const next = scheme === 'dark' ? 'light' : 'dark';
  const Icon = scheme === 'dark' ? IconSun : IconMoon;
  return (
    <Tooltip label={`Use ${next} colours`}>
      <ActionIcon
        variant="subtle"
        color="gray"
        size="lg"
        aria-label={`Use ${next} colours`}
        onClick={() => setColorScheme(next)}
      >
        <Icon size={18} aria-hidden />
      </ActionIcon>
    </Tooltip>
  );
}
