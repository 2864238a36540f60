/** A list of events of the audit log by day, newest first. */

import { timestampDate } from '@bufbuild/protobuf/wkt';
import { Button, Center, Group, Skeleton, Stack, Text } from '@mantine/core';
import { IconHistoryOff, IconSearchOff } from '@tabler/icons-react';
import { useMemo } from 'react';
import type { AuditEvent } from '../../../gen/usher/v1/access_token_pb.ts';
import { EmptyState } from '../ui/empty-state.tsx';
import { ErrorPanel } from '../ui/error-panel.tsx';
import { AuditEventRow } from './audit-event-row.tsx';
import type { RowShared } from './row-shared.ts';
import { type AuditLog, useAuditLog, useNewEvents } from './use-audit-log.ts';

/** The events of one access token. */
export function TokenAuditList({ tokenId }: { tokenId: string }) {
  const request = useMemo(() => ({ tokenId }), [tokenId]);
  const log = useAuditLog(request);
  const added = useNewEvents(request, log.lastSequence, !log.isReading);
  return <AuditList log={log} added={added} isFiltered={false} />;
}

/** The events of a log, with a button for those that were added, and one for more. */
export function AuditList(props: {
  log: AuditLog;
  /** How many events were added since. */
  added: number;
  isFiltered: boolean;
  /** The entry that a link led to; absent for none. */
  linked?: number;
  /** The entries that revoked what the reader looked for. */
  marked?: ReadonlySet<number>;
  onActor?: (actor: string) => void;
}) {
  const { log, added, linked = 0, marked, onActor } = props;
  const shared: RowShared = { names: log.names, ...(onActor && { onActor }) };
  const days = useMemo(() => byDay(log.events), [log.events]);
  if (log.isPending) return <Waiting />;
  if (log.error && log.events.length === 0) {
    return <ErrorPanel error={log.error} onRetry={log.restart} />;
  }
  return (
    <>
      {added > 0 && (
        <Center mb="md">
          <Button variant="light" size="xs" onClick={log.restart} loading={log.isReading}>
            {sayAdded(added)}
          </Button>
        </Center>
      )}
      {days.map(({ day, events }) => (
        <section key={day} className="audit-day" aria-label={day}>
          <h2 className="audit-day-title">{day}</h2>
          <ol className="card audit-list">
            {events.map(event => (
              <AuditEventRow
                key={String(event.sequence)}
                event={event}
                shared={shared}
                isLinked={Number(event.sequence) === linked}
                isMarked={marked?.has(Number(event.sequence)) ?? false}
              />
            ))}
          </ol>
        </section>
      ))}
      {log.events.length === 0 && !log.hasMore && <Nothing isFiltered={props.isFiltered} />}
      {log.error && <ErrorPanel error={log.error} onRetry={log.more} />}
      <Progress log={log} />
    </>
  );
}

/** How far the log was read, and the button that reads on or stops. */
function Progress({ log }: { log: AuditLog }) {
  const count = (n: number) => n.toLocaleString('en');
  const all = log.examined + log.left;
  const found = log.events.length === 1 ? '1 event' : `${count(log.events.length)} events`;
  const isSearch = log.examined > log.events.length && log.left > 0;
  return (
    <Group justify="space-between" mt="md">
      <Text size="sm" c="dimmed" role="status">
        {found}
        {isSearch && `; read ${count(log.examined)} of ${count(all)} entries`}
      </Text>
      {log.hasMore &&
        (log.isReading ? (
          <Button variant="default" size="xs" onClick={log.stop} loading={!isSearch}>
            Stop
          </Button>
        ) : (
          <Button variant="default" size="xs" onClick={log.more}>
            Load more
          </Button>
        ))}
    </Group>
  );
}

function Nothing({ isFiltered }: { isFiltered: boolean }) {
  return isFiltered ? (
    <EmptyState
      icon={IconSearchOff}
      title="Nothing matches"
      text="Try other words, a longer time or fewer filters."
    />
  ) : (
    <EmptyState icon={IconHistoryOff} title="No events yet" />
  );
}

function Waiting() {
  return (
    <Stack gap="xs" aria-busy="true" aria-label="Loading the audit log">
      <Skeleton h={62} />
      <Skeleton h={62} />
      <Skeleton h={62} />
      <Skeleton h={62} />
    </Stack>
  );
}

function sayAdded(added: number): string {
  if (added >= 100) return 'More than 99 new events: show them';
  return added === 1 ? '1 new event: show it' : `${added} new events: show them`;
}

const dayName = new Intl.DateTimeFormat('en', { dateStyle: 'full' });

/** The events by the reader's days. */
function byDay(events: readonly AuditEvent[]): { day: string; events: AuditEvent[] }[] {
  const days: { day: string; events: AuditEvent[] }[] = [];
  for (const event of events) {
    const day = event.time ? sayDay(timestampDate(event.time)) : 'Without a time';
    const last = days.at(-1);
    if (last?.day === day) last.events.push(event);
    else days.push({ day, events: [event] });
  }
  return days;
}

function sayDay(date: Date): string {
  const day = dayName.format(date);
  const now = new Date();
  if (day === dayName.format(now)) return `Today, ${day}`;
  now.setDate(now.getDate() - 1);
  return day === dayName.format(now) ? `Yesterday, ${day}` : day;
}
