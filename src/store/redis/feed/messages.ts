/**
 * Hears what the scripts publish, for a Redis that refuses tracking. The audit log names every change
 * before it is acknowledged, numbered and chained, so that a message is only the fast word of an entry:
 * the log itself is asked whether one was missed.
 */

import { changesChannel, importedKey, tokenKey } from '../keys.ts';
import { type FeedConnection, isRefusal, stateOf } from './connection.ts';
import { followLog } from './follow-log.ts';

/** Hears until the connection is lost. */
export async function followMessages(ear: FeedConnection): Promise<never> {
  const { client, server, log, events, limits } = ear;
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
    ear.wake();
  });
  await ear.orLost(client.connect());
  // Where this is refused too, the log alone is heard, as often as it is asked.
  await ear.orLost(client.subscribe(changesChannel).catch(unlessRefused));
  const first = await ear.orLost(stateOf(server));
  for (;;) {
    missed = false;
    const askedAtMs = ear.monotonicMs();
    const [seen] = await ear.orLost(Promise.all([stateOf(server), client.ping(), follower.look()]));
    if (seen.role !== 'master' || seen.runId !== first.runId) throw new Error('another master');
    events.heard(askedAtMs);
    if (!missed) await ear.orLost(ear.pause(limits.feedPingMs));
  }
}

function unlessRefused(error: unknown): void {
  if (!isRefusal(error)) throw error;
}
