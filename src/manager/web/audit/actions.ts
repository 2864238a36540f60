/** Actions of the audit log in plain words. */

const words: Record<string, string> = {
  'token.create': 'Access token created',
  'token.update': 'Access token changed',
  'token.rotate': 'Secret rotated',
  'token.revoke': 'Access token revoked',
  'token.import': 'Access token imported',
  'jwt.issue': 'JWT issued',
  'jwt.revoke': 'JWTs revoked',
  'session.create': 'Signed in',
  'session.end': 'Signed out',
  'call.refused': 'Call refused',
  'store.healed': 'Lost changes noticed',
  'store.accept': 'Store accepted',
};

/** An action as people say it. */
export function sayAction(action: string): string {
  return words[action] ?? action;
}

/** How much an action deserves a look. */
export function toneOf(action: string): 'good' | 'bad' | 'warn' | 'quiet' {
  if (action === 'call.refused' || action.startsWith('store.')) return 'warn';
  if (action.endsWith('.revoke')) return 'bad';
  return action.startsWith('token.') ? 'good' : 'quiet';
}
