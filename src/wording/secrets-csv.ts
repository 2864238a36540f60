/** New tokens and secrets of a job as a file: CSV (RFC 4180) or JSON Lines. */

import { csv } from './csv.ts';

/** A new token or secret; see ReadJobSecretsResponse in jobs.proto. */
export interface SecretRow {
  tokenId: string;
  name: string;
  owner: string;
  kind: 'static' | 'jwt';
  secret: string;
}

/** The formats. */
export type SecretFormat = 'csv' | 'jsonl';

/** The first line, with the names of the columns; "" for JSON Lines. */
export function secretsHead(format: SecretFormat): string {
  return format === 'csv' ? csv([['access token', 'name', 'owner', 'kind', 'secret']]) : '';
}

/** The lines of some of them. */
export function secretsText(format: SecretFormat, rows: readonly SecretRow[]): string {
  if (format === 'jsonl') return rows.map(row => `${JSON.stringify(row)}\n`).join('');
  return csv(
    rows.map(({ tokenId, name, owner, kind, secret }) => [...[tokenId, name, owner, kind, secret]]),
  );
}
