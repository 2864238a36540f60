/** Writes entries of the audit log as CSV (RFC 4180), for spreadsheets. */

import { plainSentence, type Telling, type ToldEvent, tell } from './audit-sentence.ts';
import { csv } from './csv.ts';

/** An entry with all that a row holds: see AuditEvent in access_token.proto. */
export interface CsvEvent extends ToldEvent {
  sequence: number;
  /** RFC 3339. */
  time: string;
  peer: string;
  requestId: string;
  hash: string;
}

const columns = [
  ...['sequence', 'time', 'who', 'sentence', 'action', 'actor', 'address', 'access token'],
  ...['token id', 'detail', 'before', 'after', 'request id', 'hash'],
];

/** By which Excel reads a file as UTF-8. */
export const byteOrderMark = '\ufeff';

/** The first row, with the names of the columns, after a byte order mark. */
export function csvHead(): string {
  return byteOrderMark + csv([columns]);
}

/** The rows of some entries. Times in sentences are UTC. */
export function csvRows(events: readonly CsvEvent[], names: Telling['names']): string {
  return csv(
    events.map(event => {
      const told = tell(event, { names, sayTime: utcTime });
      const name = event.tokenName || (names[event.tokenId] ?? '');
      return [
        ...[String(event.sequence), event.time, told.who, plainSentence(told)],
        ...[event.action, event.actor, event.peer, name, event.tokenId, event.detail],
        ...[json(event.before), json(event.after), event.requestId, event.hash],
      ];
    }),
  );
}

/** A time in UTC, as in "2027-03-02 00:00 UTC". */
export function utcTime(ms: number): string {
  const date = new Date(ms);
  if (Number.isNaN(date.getTime())) return String(ms);
  return `${date.toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}

function json(fields: object | undefined): string {
  return fields === undefined ? '' : JSON.stringify(fields);
}
