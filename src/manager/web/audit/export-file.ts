/** Reads events page by page into a file that the browser saves. */

import type { ListAuditEventsResponse } from '../../../gen/usher/v1/access_token_pb.ts';
import { csvHead, csvRows } from '../../../wording/audit-csv.ts';
import { entryOf } from '../../../wording/audit-entry.ts';
import type { AuditRequest } from './audit-filters.ts';

/** How events are written. */
export type Format = 'csv' | 'jsonl';

/** How far an export is. */
export interface Exported {
  /** How many events were written. */
  entries: number;
  /** How many entries were examined. */
  examined: number;
  /** How many are left to examine, at most. */
  left: number;
  /** The name of the file, with the range of time that it holds; absent until it is whole. */
  name?: string;
  /** The file; absent until it is whole. */
  file?: Blob;
}

const pageSize = 1000;

/** Reads all events of a request, oldest first. Rejects with the error of a page. */
export async function readExport(
  read: (query: AuditRequest) => Promise<ListAuditEventsResponse>,
  request: AuditRequest,
  format: Format,
  onPage: (state: Exported) => void,
): Promise<Exported> {
  const state: Exported = { entries: 0, examined: 0, left: 0 };
  // The browser may keep parts of a file on the disk; one long text would fill its memory.
  const parts: Blob[] = format === 'csv' ? [new Blob([csvHead()])] : [];
  let pageToken = '';
  let [first, last] = ['', ''];
  do {
    const page = await read({ ...request, oldestFirst: true, pageSize, pageToken });
    const entries = page.events.map(entryOf);
    if (entries.length > 0) parts.push(new Blob([textOf(entries, page.names, format)]));
    first ||= entries[0]?.time ?? '';
    last = entries.at(-1)?.time ?? last;
    state.entries += entries.length;
    state.examined += page.examined;
    state.left = Number(page.left);
    pageToken = page.nextPageToken;
    onPage({ ...state });
  } while (pageToken !== '');
  const type = format === 'csv' ? 'text/csv;charset=utf-8' : 'application/jsonl';
  return { ...state, left: 0, name: nameOf(first, last, format), file: new Blob(parts, { type }) };
}

function textOf(
  entries: readonly ReturnType<typeof entryOf>[],
  names: Record<string, string>,
  format: Format,
): string {
  if (format === 'csv') return csvRows(entries, names);
  return entries.map(entry => `${JSON.stringify(entry)}\n`).join('');
}

/** As in "usher-audit-20260222T0354Z-20260301T1200Z.csv". */
function nameOf(first: string, last: string, format: Format): string {
  const short = (time: string) => `${time.slice(0, 16).replaceAll(/[-:]/g, '')}Z`;
  const range = first === '' ? 'empty' : `${short(first)}-${short(last)}`;
  return `usher-audit-${range}.${format}`;
}

/** Has the browser save a whole file. */
export function saveFile({ name, file }: Exported): void {
  if (name === undefined || file === undefined) return;
  const address = URL.createObjectURL(file);
  const link = document.createElement('a');
  link.href = address;
  link.download = name;
  link.click();
  // The download has begun by the next task; the address is not needed any longer.
  setTimeout(() => URL.revokeObjectURL(address), 60_000);
}
