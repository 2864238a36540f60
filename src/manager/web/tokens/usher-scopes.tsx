/** The scopes that give power over Usher itself, and the warning beside them. */

import { Alert, List } from '@mantine/core';
import { IconAlertTriangle } from '@tabler/icons-react';

/** What each of these scopes lets the holder of a static token do. */
const powers: Record<string, string> = {
  'usher.admin':
    'do everything here: create, rotate and revoke access tokens, and read the audit log',
  'usher.tokens.write': 'create, change, rotate and revoke access tokens',
  'usher.tokens.read': 'read all access tokens and their usage, and sign in here to do so',
  'usher.audit.read': 'read the audit log',
  'usher.jwts.issue': 'have JWTs signed with any secret key',
  'usher.verify': 'ask Usher for verdicts, where it does not answer everyone',
  'usher.introspect': 'learn from Usher to whom a token belongs',
  'usher.revoke': 'revoke tokens that others hold',
};

/** These scopes. */
export const usherScopes = Object.keys(powers);

/** Those of the scopes that give power over Usher itself. */
function powersAmong(scopes: readonly string[]): string[] {
  return scopes.filter(scope => scope.startsWith('usher.'));
}

/** What a scope gives power to, as the rest of a sentence; undefined for one of services. */
function sayPower(scope: string): string | undefined {
  if (!scope.startsWith('usher.')) return undefined;
  return powers[scope] ?? 'use Usher itself';
}

/** Warns of the power that the scopes give; nothing for scopes of services. `owner` is its owner. */
export function PowerWarning({ scopes, owner }: { scopes: readonly string[]; owner: string }) {
  const powerful = powersAmong(scopes);
  if (powerful.length === 0) return null;
  return (
    <Alert
      data-tone="warn"
      icon={<IconAlertTriangle aria-hidden />}
      title="This gives power over Usher itself"
    >
      A holder of the token may:
      <List size="sm" my={4}>
        {powerful.map(scope => (
          <List.Item key={scope}>
            <code>{scope}</code>: {sayPower(scope)}
          </List.Item>
        ))}
      </List>
      {owner === ''
        ? 'Of all owners. Give it an owner to limit this to one, and an expiry.'
        : `Only of the owner ${owner}.`}
    </Alert>
  );
}
