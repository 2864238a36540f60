/** The events that a webhook can get, as people choose them. */

/** Their names, with what they mean. */
export const eventChoices: readonly { event: string; meaning: string }[] = [
  { event: 'token.created', meaning: 'An access token was created or imported.' },
  { event: 'token.rotated', meaning: 'An access token has a new token or secret.' },
  { event: 'token.revoked', meaning: 'An access token was permanently revoked.' },
  {
    event: 'token.expiring',
    meaning: 'An access token expires in as many days as the webhook names.',
  },
  { event: 'token.leaked', meaning: 'A token or secret was reported as leaked.' },
  {
    event: 'limit.reached',
    meaning:
      'Calls with an access token were refused because of its limits; sent once an hour at most.',
  },
  {
    event: 'store.rolled_back',
    meaning: 'The store lost changes, such as by a failover or an old backup.',
  },
];
