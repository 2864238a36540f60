/** Actions of the audit log as users read them. */

const words: Record<string, string> = {
  'token.create': 'Access token created',
  'token.update': 'Access token changed',
  'token.rotate': 'Access token rotated',
  'token.end_grace': 'Grace ended',
  'token.revoke': 'Access token revoked',
  'token.import': 'Access token imported',
  'token.leaked': 'Credential reported as leaked',
  'leak.dismiss': 'Leak dismissed',
  'jwt.issue': 'JWTs issued',
  'jwt.revoke': 'JWTs revoked',
  'session.create': 'Signed in',
  'session.end': 'Signed out',
  'session.link': 'Sign-in link made',
  'call.refused': 'Call refused',
  'audit.checkpoint': 'Old entries removed',
  'store.backup': 'Backup read',
  'store.restore': 'Backup restored',
  'store.migrate': 'Store migrated',
  'store.healed': 'Lost changes noticed',
  'store.accept': 'Store accepted',
  'keys.rotate': 'Master key made',
  'keys.reload': 'Master keys read again',
  'keys.write': 'Master key in use',
  'keys.remove': 'Master key no longer in use',
};

/** The text for an action; an unknown action is shown unchanged. */
export function sayAction(action: string): string {
  return words[action] ?? action;
}

/** The colour of an action: "warn" for a refused call, "bad" for a revocation. */
export function toneOf(action: string): 'good' | 'bad' | 'warn' | 'quiet' {
  if (action === 'call.refused' || action.startsWith('store.')) return 'warn';
  if (action.endsWith('.revoke') || action === 'token.leaked') return 'bad';
  return action.startsWith('token.') ? 'good' : 'quiet';
}
