/** The dialog that writes events of the audit log to a file. */

import { createClient } from '@connectrpc/connect';
import { useTransport } from '@connectrpc/connect-query';
import { Progress, SegmentedControl, Text } from '@mantine/core';
import { useEffect, useMemo, useRef, useState } from 'react';
import { AccessTokenService } from '../../../gen/usher/v1/access_token_pb.ts';
import { Dialog } from '../ui/dialog.tsx';
import { DialogForm } from '../ui/dialog-form.tsx';
import { type AuditFilters, type AuditRequest, chipsOf } from './audit-filters.ts';
import { type Exported, type Format, readExport, saveFile } from './export-file.ts';

/** The dialog: JSON Lines or CSV, with the filters of the page, oldest first. */
export function AuditExport(props: {
  filters: AuditFilters;
  request: AuditRequest;
  onClose: () => void;
}) {
  const { filters, request, onClose } = props;
  const transport = useTransport();
  const client = useMemo(() => createClient(AccessTokenService, transport), [transport]);
  const [format, setFormat] = useState<Format>('csv');
  const [state, setState] = useState<Exported>();
  const [error, setError] = useState<Error | null>(null);
  const stop = useRef<AbortController>(undefined);
  useEffect(() => () => stop.current?.abort(), []);
  const isBusy = state !== undefined && error === null && state.name === undefined;
  const chips = chipsOf(filters, {}).map(({ words }) => words);

  async function run() {
    const controller = new AbortController();
    stop.current = controller;
    const { signal } = controller;
    setError(null);
    setState({ entries: 0, examined: 0, left: 0 });
    try {
      const read = (query: AuditRequest) => client.listAuditEvents(query, { signal });
      const done = await readExport(read, request, format, setState);
      saveFile(done);
      setState(done);
    } catch (cause) {
      if (signal.aborted) setState(undefined);
      else setError(cause instanceof Error ? cause : new Error(String(cause)));
    }
  }

  return (
    <Dialog title="Export the audit log" onClose={onClose}>
      <DialogForm
        action="Export"
        isBusy={isBusy}
        error={error}
        onSubmit={() => void run()}
        onCancel={() => (isBusy ? stop.current?.abort() : onClose())}
      >
        <SegmentedControl
          aria-label="Format"
          value={format}
          disabled={isBusy}
          onChange={next => setFormat(next as Format)}
          data={[
            { value: 'csv', label: 'CSV' },
            { value: 'jsonl', label: 'JSON Lines' },
          ]}
        />
        <Text size="sm" c="dimmed">
          {format === 'csv'
            ? 'For spreadsheets, with each event in words. Times are UTC.'
            : 'One entry a line. Without filters, usher audit verify can check it.'}
        </Text>
        <Text size="sm">
          {chips.length === 0 ? 'All events.' : `Only these events: ${chips.join('; ')}.`}
        </Text>
        {state && <Written state={state} />}
      </DialogForm>
    </Dialog>
  );
}

function Written({ state: { entries, examined, left, name } }: { state: Exported }) {
  const all = examined + left;
  const done = name === undefined && all > 0 ? (100 * examined) / all : 100;
  return (
    <div role="status">
      {left > 0 && <Progress value={done} aria-label="Part of the log that was read" mb={6} />}
      <Text size="sm">
        {entries.toLocaleString('en')} events written
        {name === undefined ? ' …' : `: ${name} is in your downloads.`}
      </Text>
    </div>
  );
}
