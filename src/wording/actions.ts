/**
 * All actions of the audit log: their words for people, and what an entry of each holds. The page, the
 * command line, the export and docs/audit-log.md are made from this table.
 */

import { type AuditAction, storeActions } from './store-actions.ts';

/** The actions, by their name in AuditEvent.action. The part before the dot is their group. */
export const auditActions: Readonly<Record<string, AuditAction>> = {
  'token.create': {
    title: 'Access token created',
    did: 'created {token}',
    tone: 'good',
    changesRecord: true,
    holds: '`after`: all fields but the secret',
  },
  'token.update': {
    title: 'Access token changed',
    did: 'changed {token}',
    tone: 'good',
    changesRecord: true,
    holds: '`before`, `after`: the changed fields',
  },
  'token.rotate': {
    title: 'Access token rotated',
    did: 'rotated {token}',
    tone: 'good',
    changesRecord: true,
    holds: '`after`: `rotatedAt`, and `previousGoodUntil`, the end of the previous secret',
  },
  'token.end_grace': {
    title: 'Grace ended',
    did: 'ended the grace of the previous secret of {token}',
    tone: 'good',
    changesRecord: true,
    holds: '`before`: `previousGoodUntil`, when it would have ended',
  },
  'token.revoke': {
    title: 'Access token revoked',
    did: 'revoked {token}',
    tone: 'bad',
    changesRecord: true,
    holds: '`after`: `revokedAt`, `revokeReason`; `detail`: the reason',
  },
  'token.import': {
    title: 'Access token imported',
    did: 'imported {token}',
    tone: 'good',
    changesRecord: true,
    holds: '`after`: all fields but the secret',
  },
  'token.reseal': {
    title: 'Secret sealed again',
    did: 'sealed the secret of {token} with the master key in use',
    tone: 'quiet',
    changesRecord: true,
    holds: '`before`, `after`: the revision',
  },
  'token.leaked': {
    title: 'Leaked credential reported',
    did: 'reported that a credential of {token} leaked',
    tone: 'bad',
    holds:
      '`after`: what leaked, who reported it, where it was found, what was done; `detail`: a problem',
  },
  'jwt.issue': {
    title: 'JWTs issued',
    did: 'issued JWTs of {token}',
    tone: 'quiet',
    holds: '`detail`: how many in this minute',
  },
  'jwt.revoke': {
    title: 'JWTs revoked',
    did: 'revoked JWTs of {token}',
    tone: 'bad',
    changesRecord: true,
    holds:
      '`after.jwtsRevoked`: keyed digests of a `jti` (`ids`) or a subject (`subjects`), or ' +
      '`issuedBefore`; `detail`: the reason',
  },
  'session.create': {
    title: 'Signed in',
    did: 'signed in',
    tone: 'quiet',
    holds: '`detail`: how',
  },
  'session.end': {
    title: 'Session ended',
    did: 'ended a session',
    tone: 'quiet',
    holds: '`detail`: whose, when it is not the own one',
  },
  'session.link': {
    title: 'Sign-in link made',
    did: 'made a sign-in link',
    tone: 'quiet',
    holds: '',
  },
  'person.create': {
    title: 'Person added',
    did: 'added {detail}',
    tone: 'good',
    holds: '`after`: `name`, `role`, `owners`; `detail`: who',
  },
  'person.update': {
    title: 'Person changed',
    did: 'changed {detail}',
    tone: 'good',
    holds: '`before`, `after`: the changed fields; `detail`: who',
  },
  'person.remove': {
    title: 'Person removed',
    did: 'removed {detail}',
    tone: 'bad',
    holds: '`detail`: who',
  },
  'invitation.create': {
    title: 'Invitation made',
    did: 'invited {detail}',
    tone: 'good',
    holds: '`after`: `role`, `owners`, when it ends; `detail`: who',
  },
  'invitation.use': {
    title: 'Invitation used',
    did: 'used the invitation of {detail}',
    tone: 'good',
    holds: '`detail`: whose',
  },
  'invitation.revoke': {
    title: 'Invitation revoked',
    did: 'revoked the invitation of {detail}',
    tone: 'bad',
    holds: '`detail`: whose',
  },
  'passkey.clone': {
    title: 'Copied passkey refused',
    did: 'was refused, with a copy of the passkey {detail}',
    tone: 'warn',
    isRefusal: true,
    holds: '`detail`: the name of the passkey',
  },
  'leak.dismiss': {
    title: 'Leak taken care of',
    did: 'noted that a leak of {token} was taken care of',
    tone: 'quiet',
    holds: '`detail`: the note',
  },
  'job.start': {
    title: 'Job started',
    did: 'started a job',
    tone: 'warn',
    holds: '`jobId`; `after`: `act`, `count`, `owner`; `detail`: the reason of a revocation',
  },
  'job.end': {
    title: 'Job ended',
    did: 'ended a job',
    tone: 'quiet',
    holds: '`jobId`; `after`: also `done`, `failed`, `left`; `detail`: why it ended early',
  },
  'job.cancel': {
    title: 'Job cancelled',
    did: 'cancelled a job',
    tone: 'warn',
    holds: '`jobId`; `after`: as in `job.end`',
  },
  'job.secrets': {
    title: 'Secrets of a job read',
    did: 'read the new secrets of a job',
    tone: 'warn',
    holds: '`jobId`; `after`: as in `job.end`',
  },
  'webhook.create': {
    title: 'Webhook added',
    did: 'added a webhook',
    tone: 'good',
    holds: '`after`: all fields but the secret',
  },
  'webhook.update': {
    title: 'Webhook changed',
    did: 'changed a webhook',
    tone: 'good',
    holds: '`before`, `after`: the changed fields',
  },
  'webhook.rotate': {
    title: 'Webhook secret rotated',
    did: 'rotated the secret of a webhook',
    tone: 'good',
    holds: '`detail`: which',
  },
  'webhook.replay': {
    title: 'Webhook message sent again',
    did: 'had a message of a webhook sent again',
    tone: 'quiet',
    holds: '`detail`: which',
  },
  'webhook.disable': {
    title: 'Webhook disabled',
    did: 'disabled a webhook',
    tone: 'warn',
    holds: '`detail`: which, and why',
  },
  'webhook.remove': {
    title: 'Webhook removed',
    did: 'removed a webhook',
    tone: 'bad',
    holds: '`detail`: which',
  },
  'limit.reached': {
    title: 'Limit reached',
    did: 'noted that {token} reached a limit',
    tone: 'warn',
    holds: '`detail`: which limit; once an hour for an access token',
  },
  'call.refused': {
    title: 'Call refused',
    did: 'was refused',
    tone: 'warn',
    isRefusal: true,
    holds: '`detail`: the rpc or path and why, or how many more in a minute',
  },
  ...storeActions,
};

/** The action of an entry; one of a newer version of Usher is shown by its name. */
export function actionOf(name: string): AuditAction {
  if (Object.hasOwn(auditActions, name)) return auditActions[name] as AuditAction;
  return { title: name, did: name, tone: 'quiet', holds: '' };
}

/** Whether an entry is a change of the record of the access token that it names. */
export function changesRecord({ action, tokenId }: { action: string; tokenId: string }): boolean {
  return tokenId !== '' && actionOf(action).changesRecord === true;
}

/** The groups of actions: the parts of their names before the dot. */
export const actionGroups: readonly string[] = [
  ...new Set(Object.keys(auditActions).map(name => name.split('.')[0] as string)),
];

/** Whether an action is one of these, or in one of these groups. */
export function isActionIn(name: string, wanted: readonly string[]): boolean {
  return wanted.includes(name) || wanted.includes(name.split('.')[0] as string);
}

/** The table of docs/audit-log.md, in Markdown. */
export function actionsMarkdown(): string {
  const rows = Object.entries(auditActions).map(
    ([name, { title, holds }]) => `| \`${name}\` | ${title} | ${holds || '–'} |`,
  );
  return ['| action | in words | what its entry holds |', '|---|---|---|', ...rows].join('\n');
}
