/** The page of the audit log. */

import { Alert, Anchor, Button, Group } from '@mantine/core';
import { IconDownload, IconFingerprint } from '@tabler/icons-react';
import { useMemo, useState } from 'react';
import { Link } from 'wouter';
import { useSession } from '../session.ts';
import { PageHeader } from '../ui/page-header.tsx';
import { AuditExport } from './audit-export.tsx';
import { AuditFilterBar, FilterChips } from './audit-filter-bar.tsx';
import {
  type AuditFilters,
  type AuditRequest,
  useAuditFilters,
  useAuditRequest,
} from './audit-filters.ts';
import { AuditList } from './audit-list.tsx';
import { FindRevocation } from './find-revocation.tsx';
import { useAuditLog, useNewEvents } from './use-audit-log.ts';

/** Newer entries that are shown above the one that a link led to. */
const neighbours = 10;

/** Every change and every refused call, in words: who, what, and when. */
export default function AuditPage() {
  const { filters, entry, set, clear } = useAuditFilters();
  const request = useAuditRequest(filters);
  const { owners } = useSession();
  const [dialog, setDialog] = useState<'export' | 'find'>();
  const [marked, setMarked] = useState<ReadonlySet<number>>(new Set());
  const close = () => setDialog(undefined);
  const seen = owners ? ` You see those of the access tokens of ${owners.join(', ')}.` : '';
  return (
    <>
      <PageHeader
        title="Audit log"
        text={`Every change and every refused call, each chained to the one before.${seen}`}
        actions={
          <Group gap="sm">
            <Button
              variant="default"
              leftSection={<IconFingerprint size={17} aria-hidden />}
              onClick={() => setDialog('find')}
            >
              Find a revocation
            </Button>
            <Button
              variant="default"
              leftSection={<IconDownload size={17} aria-hidden />}
              onClick={() => setDialog('export')}
            >
              Export
            </Button>
          </Group>
        }
      />
      <AuditFilterBar filters={filters} onChange={set} />
      <Results
        // Other filters are another list.
        key={JSON.stringify([filters, entry])}
        {...{ filters, request, entry, marked, set, clear }}
      />
      {dialog === 'export' && <AuditExport {...{ filters, request }} onClose={close} />}
      {dialog === 'find' && <FindRevocation onFound={setMarked} onClose={close} />}
    </>
  );
}

function Results(props: {
  filters: AuditFilters;
  request: AuditRequest;
  entry: number;
  marked: ReadonlySet<number>;
  set: (change: Partial<AuditFilters>) => void;
  clear: () => void;
}) {
  const { filters, request, entry, marked, set, clear } = props;
  const [newer, setNewer] = useState(neighbours);
  const from = entry === 0 ? 0 : entry + newer;
  const asked = useMemo(() => ({ ...request, fromSequence: BigInt(from) }), [request, from]);
  const log = useAuditLog(asked);
  const isLive = entry === 0 && filters.until === '' && !log.isReading;
  const added = useNewEvents(request, log.lastSequence, isLive);
  const isThere = log.events.some(({ sequence }) => Number(sequence) === entry);
  const isFiltered = Object.values(filters).some(value => value !== '');
  return (
    <>
      <FilterChips filters={filters} names={log.names} onChange={set} onClear={clear} />
      {entry > 0 && !log.isPending && (
        <Alert mb="md" data-tone={isThere ? 'quiet' : 'warn'} role="status">
          <Group gap="md">
            {isThere
              ? `Entry ${entry} and its neighbours.`
              : `Entry ${entry} is not here: it was removed as an old one, is of another owner, or does not exist.`}
            {log.lastSequence >= from && (
              <Button
                variant="default"
                size="compact-sm"
                loading={log.isReading}
                onClick={() => setNewer(newer + 50)}
              >
                Show newer entries
              </Button>
            )}
            <Anchor component={Link} href="/audit" size="sm">
              Show the newest
            </Anchor>
          </Group>
        </Alert>
      )}
      <AuditList
        {...{ log, added, isFiltered, marked }}
        linked={entry}
        onActor={by => set({ by })}
      />
    </>
  );
}
