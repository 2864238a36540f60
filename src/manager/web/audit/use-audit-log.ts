/** Reads the audit log page by page, and goes on by itself while a filter finds little. */

import { createClient } from '@connectrpc/connect';
import { useInfiniteQuery, useTransport } from '@connectrpc/connect-query';
import { useQuery } from '@tanstack/react-query';
import { useEffect, useMemo, useState } from 'react';
import { AccessTokenService, type AuditEvent } from '../../../gen/usher/v1/access_token_pb.ts';
import type { AuditRequest } from './audit-filters.ts';

const pageSize = 50;
const pollMs = 15_000;
const newMax = 100;

/** The events so far, and how the reading stands. */
export interface AuditLog {
  events: AuditEvent[];
  /** The present names of actors and access tokens, by id. */
  names: Record<string, string>;
  /** How many entries were examined. */
  examined: number;
  /** How many are left to examine, at most; 0 where that is not known. */
  left: number;
  /** The last entry of the log when the first page was read. */
  lastSequence: number;
  isPending: boolean;
  error: Error | null;
  /** Whether more may follow. */
  hasMore: boolean;
  /** Whether it is being read now. */
  isReading: boolean;
  /** Reads more. */
  more(): void;
  /** Stops reading on. */
  stop(): void;
  /** Reads it again from the start. */
  restart(): void;
}

/** The events of a request, newest first. */
export function useAuditLog(request: AuditRequest): AuditLog {
  const list = useInfiniteQuery(
    AccessTokenService.method.listAuditEvents,
    { ...request, pageSize, pageToken: '' },
    {
      pageParamKey: 'pageToken',
      getNextPageParam: page => page.nextPageToken || undefined,
      // What was read stays as it is: new events are counted, and shown when the reader asks.
      staleTime: Number.POSITIVE_INFINITY,
      gcTime: 0,
      refetchOnWindowFocus: false,
    },
  );
  const [wanted, setWanted] = useState(1);
  const [isStopped, setStopped] = useState(false);
  const pages = list.data?.pages ?? [];
  const events = useMemo(() => list.data?.pages.flatMap(page => page.events) ?? [], [list.data]);
  const names = useMemo(
    () => Object.assign({}, ...(list.data?.pages.map(page => page.names) ?? [])),
    [list.data],
  );
  const { hasNextPage, isFetching, isError, fetchNextPage } = list;
  const goesOn = hasNextPage && !isError && !isStopped && events.length < wanted;
  useEffect(() => {
    if (goesOn && !isFetching) void fetchNextPage();
  }, [goesOn, isFetching, fetchNextPage]);
  return {
    ...{ events, names },
    examined: pages.reduce((sum, page) => sum + page.examined, 0),
    left: Number(pages.at(-1)?.left ?? 0n),
    lastSequence: Number(pages[0]?.lastSequence ?? 0n),
    ...{ isPending: list.isPending, error: list.error, hasMore: hasNextPage },
    isReading: list.isFetching,
    more() {
      setStopped(false);
      setWanted(events.length + pageSize);
      if (!isFetching) void fetchNextPage();
    },
    stop: () => setStopped(true),
    restart: () => void list.refetch(),
  };
}

/** How many events were added since, as far as the request selects them; `newMax` for more. */
export function useNewEvents(request: AuditRequest, lastSequence: number, isOn: boolean): number {
  const transport = useTransport();
  const client = useMemo(() => createClient(AccessTokenService, transport), [transport]);
  const from = BigInt(lastSequence + 1);
  const { data = 0 } = useQuery({
    queryKey: ['new audit events', JSON.stringify(request, bigintAsText), lastSequence],
    queryFn: async () => {
      const page = await client.listAuditEvents({
        ...{ ...request, oldestFirst: true, fromSequence: from, pageSize: newMax },
      });
      return page.events.length;
    },
    enabled: isOn && lastSequence > 0,
    refetchInterval: query => ((query.state.data ?? 0) >= newMax ? false : pollMs),
    refetchOnMount: false,
    staleTime: pollMs,
    initialData: 0,
    gcTime: 0,
  });
  return data;
}

function bigintAsText(_: string, value: unknown): unknown {
  return typeof value === 'bigint' ? String(value) : value;
}
