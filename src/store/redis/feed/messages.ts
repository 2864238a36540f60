/**
 * Follows the messages that the scripts publish, for a Redis that refuses tracking. The audit log
 * holds every change before it is acknowledged, numbered and chained. So messages only make an
 * invalidation fast; reading the log shows whether one was missed.
 */

import { changesChannel, importedKey, tokenKey } from '../keys.ts';
import { answerOf, type FeedConnection, isRefusal, stateOf } from './connection.ts';
import { followLog } from './follow-log.ts';

/** Follows until the connection is lost, then rejects. */
export async function followMessages(connection: FeedConnection): Promise<never> {
  const { client, server, log, events, limits } = connection;
  const follower = followLog(log, limits.feedEntriesMax, {
    changed: id => events.changed(tokenKey(id)),
    changedAll: events.changedAll,
  });
  let missed = false;
  client.on('message', (_channel: string, message: string) => {
    const [word = '', ...rest] = message.split(' ');
    if (word === 'imported') return events.changed(importedKey(rest.join(' ')));
    const [previous = '', hash = '', id = ''] = rest;
    if (follower.tell({ sequence: Number(word), previous, hash, id })) return;
    missed = true;
    connection.wake();
  });
  await connection.orLost(client.connect());
  // When Redis refuses this too, the log alone is followed, at the interval of the loop.
  await connection.orLost(client.subscribe(changesChannel).catch(unlessRefused));
  const first = await connection.orLost(stateOf(server));
  for (;;) {
    missed = false;
    const askedAtMs = connection.monotonicMs();
    const [seen] = await connection.orLost(
      Promise.all([stateOf(server), answerOf(client), follower.look()]),
    );
    if (seen.role !== 'master' || seen.runId !== first.runId) throw new Error('another master');
    events.confirmed(askedAtMs);
    if (!missed) await connection.orLost(connection.pause(limits.feedPingMs));
  }
}

function unlessRefused(error: unknown): void {
  if (!isRefusal(error)) throw error;
}
