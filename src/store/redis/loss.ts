/** Remembers why a client lost its connection, which later commands do not say. */

import type { RedisClient } from './client.ts';

/** Follows a client. The returned function has the last error since it was connected, if any. */
export function followLoss(client: RedisClient): () => Error | undefined {
  let lost: Error | undefined;
  const lose = (error: Error) => {
    // Commands without a connection repeat this at each attempt to connect.
    if (!/connection is closed|isn't writeable/i.test(error.message)) lost = error;
  };
  client.on('error', lose);
  client.on('node error', lose);
  client.on('ready', () => {
    lost = undefined;
  });
  return () => lost;
}
