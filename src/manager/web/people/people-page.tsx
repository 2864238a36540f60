/** The page of the people who may sign in. */

import { useInfiniteQuery } from '@connectrpc/connect-query';
import { Anchor, Button, Center, Skeleton, Stack, Table, Text } from '@mantine/core';
import { IconUsers } from '@tabler/icons-react';
import { Link } from 'wouter';
import { PeopleService, type Person } from '../../../gen/usher/v1/people_pb.ts';
import { InvitationsCard } from '../invited/invitations-card.tsx';
import { Chips } from '../ui/chips.tsx';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { PageHeader } from '../ui/page-header.tsx';
import { When } from '../ui/when.tsx';
import { roleWords } from './role-words.ts';
import { SessionsTable } from './sessions-table.tsx';

/** Everyone who may sign in, and everyone who is signed in. */
export default function PeoplePage() {
  return (
    <>
      <PageHeader
        title="People"
        text="Who may sign in to the API Manager, as what, and who is signed in now."
      />
      <Stack gap="xl">
        <PeopleList />
        <InvitationsCard />
        <SessionsTable title="Signed in now" whose={{ all: true }} withNames />
      </Stack>
    </>
  );
}

function PeopleList() {
  const list = useInfiniteQuery(
    PeopleService.method.listPeople,
    { pageSize: 200, pageToken: '' },
    { pageParamKey: 'pageToken', getNextPageParam: page => page.nextPageToken || undefined },
  );
  if (list.isPending) return <Skeleton h={120} aria-busy="true" aria-label="Loading people" />;
  if (!list.data) return <ErrorPanel error={list.error} onRetry={() => void list.refetch()} />;
  const people = list.data.pages.flatMap(page => page.people);
  if (people.length === 0 && !list.hasNextPage) {
    return (
      <EmptyState
        icon={IconUsers}
        title="No people yet"
        text="People appear here with their first sign-in by an OpenID provider (USHER_OIDC_ISSUER), or with an invitation."
      />
    );
  }
  const ordered = people.toSorted((a, b) => a.name.localeCompare(b.name));
  return (
    <>
      <div className="card table-card">
        <Table className="cards-on-phone" verticalSpacing="sm" horizontalSpacing="md">
          <Table.Thead>
            <Table.Tr>
              {['Name', 'Role', 'Owners', 'Signs in by', 'Last sign-in'].map(column => (
                <Table.Th key={column}>{column}</Table.Th>
              ))}
            </Table.Tr>
          </Table.Thead>
          <Table.Tbody>
            {ordered.map(person => (
              <Row key={person.id} person={person} />
            ))}
          </Table.Tbody>
        </Table>
      </div>
      {list.hasNextPage && (
        <Center>
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

function Row({ person }: { person: Person }) {
  return (
    <Table.Tr className="row-link">
      <Table.Td data-label="Name" className="cell-name">
        <Anchor
          component={Link}
          href={`/people/${person.id}`}
          fw={600}
          size="sm"
          className="row-anchor"
        >
          {person.name}
        </Anchor>
        <Text size="xs" c="dimmed">
          {person.email}
        </Text>
      </Table.Td>
      <Table.Td data-label="Role">
        {roleWords(person.role).name}{' '}
        {person.disableTime && (
          <span className="state" data-tone="quiet">
            Disabled
          </span>
        )}
      </Table.Td>
      <Table.Td data-label="Owners">
        <Chips words={person.owners} none="all" max={2} />
      </Table.Td>
      <Table.Td data-label="Signs in by">{signsInBy(person)}</Table.Td>
      <Table.Td data-label="Last sign-in" className="nowrap">
        <When time={person.lastSignInTime} />
      </Table.Td>
    </Table.Tr>
  );
}

/** How someone signs in: the host of their provider, or by an invitation. */
export function signsInBy({ issuer }: Person): string {
  if (issuer === '') return 'Invitation';
  return URL.canParse(issuer) ? new URL(issuer).host : issuer;
}
