/** The actions of the audit log that concern the store and the master keys, and what an action is. */

/** What an action is. */
export interface AuditAction {
  /** The heading of an entry, such as "Access token created". */
  readonly title: string;
  /** What the actor did, as in "ann revoked …"; `{token}` stands for the access token, `{detail}` for the detail. */
  readonly did: string;
  /** How it looks: `bad` for what ends something, `warn` for what someone should look at. */
  readonly tone: 'good' | 'bad' | 'warn' | 'quiet';
  /** Whether it changes the record of the access token that it names; absent for no. */
  readonly changesRecord?: true;
  /** Whether it is a call that was refused; absent for no. */
  readonly isRefusal?: true;
  /** What `before`, `after` and `detail` hold, in Markdown; "" for nothing. */
  readonly holds: string;
}

/** The actions, by their name. */
export const storeActions: Readonly<Record<string, AuditAction>> = {
  'audit.checkpoint': {
    title: 'Old entries removed',
    did: 'removed old entries',
    tone: 'quiet',
    holds: '`after`: number and hash of the last removed entry, and how many were removed',
  },
  'store.backup': { title: 'Backup read', did: 'read a backup', tone: 'warn', holds: '' },
  'store.restore': {
    title: 'Backup restored',
    did: 'restored a backup',
    tone: 'warn',
    holds: '`detail`: what the backup held',
  },
  'store.migrate': {
    title: 'Store migrated',
    did: 'migrated the store',
    tone: 'warn',
    holds: '`detail`: how many records were signed',
  },
  'store.healed': {
    title: 'Lost changes noticed',
    did: 'noticed that the store lost changes',
    tone: 'warn',
    holds: '`after`: the lost changes, the access tokens that are unavailable, the known entries',
  },
  'store.accept': {
    title: 'Store accepted',
    did: 'accepted the store as it is',
    tone: 'warn',
    holds: '`detail`: how many changes are lost, and why the store was not used',
  },
  'log.level': {
    title: 'Level of the log changed',
    did: 'changed the level of the log',
    tone: 'warn',
    holds: '`detail`: the level before and the new one',
  },
  'keys.rotate': {
    title: 'Master key made',
    did: 'made a master key',
    tone: 'warn',
    holds: '`detail`: the ids of the master keys',
  },
  'keys.reload': {
    title: 'Master keys read again',
    did: 'had the master keys read again',
    tone: 'warn',
    holds: '`detail`: the ids of the master keys',
  },
  'keys.write': {
    title: 'Master key in use',
    did: 'put a master key in use',
    tone: 'warn',
    holds: '`detail`: its id, and the one that was in use before',
  },
  'keys.remove': {
    title: 'Master key no longer in use',
    did: 'stopped using a master key',
    tone: 'warn',
    holds: '`detail`: its id, and where it was removed from if someone did that by Usher',
  },
};
