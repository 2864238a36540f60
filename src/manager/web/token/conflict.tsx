/** Tells that someone else changed an access token while it was edited. */

import { Alert } from '@mantine/core';
import { IconGitMerge } from '@tabler/icons-react';
import type { TokenForm } from '../tokens/token-form.ts';
import type { Rebased } from './rebase.ts';

const labels: Record<keyof TokenForm, string> = {
  name: 'name',
  owner: 'owner',
  scopes: 'scopes',
  grantableScopes: 'scopes it may give',
  audiences: 'audiences',
  lifetimeSeconds: 'longest JWT lifetime',
  expiry: 'expiry',
  expireAt: 'expiry',
  metadata: 'metadata',
  allowedSources: 'allowed addresses',
  rateRequests: 'rate limit',
  rateWindow: 'rate limit',
  ratePer: 'rate limit',
  quotaRequests: 'quota',
  quotaPeriod: 'quota',
  quotaPer: 'quota',
};

/** The names of fields as the form shows them, each once. */
function sayFields(fields: readonly (keyof TokenForm)[]): string {
  return [...new Set(fields.map(name => labels[name]))].join(', ');
}

/** Which fields they changed, and which of them saving would change again. */
export function Conflict({ theirs, both }: Rebased<TokenForm>) {
  const changed = theirs.length === 0 ? '' : `They changed: ${sayFields(theirs)}. `;
  return (
    <Alert
      role="alert"
      data-tone="warn"
      icon={<IconGitMerge aria-hidden />}
      title="Someone else changed it in the meantime"
    >
      {changed}
      {both.length === 0
        ? 'Their values are in the form now, and yours are kept. Save again to add your change.'
        : `You changed ${sayFields(both)} too: your values are kept, and saving again replaces theirs.`}
    </Alert>
  );
}
