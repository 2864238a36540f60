/** Waits until Redis replicas have what was written, before a caller is answered "done". */

import { Unavailable } from '../store.ts';
import type { Asker } from './ask.ts';
import { eventKey } from './keys.ts';
import type { RedisLimits } from './limits.ts';

/** What was written, as the server that is asked must have it before its replicas are waited for. */
export interface Written {
  /** The command that shows it: its name, a key, and other arguments. */
  look: readonly [name: string, key: string, ...more: string[]];
  /** Whether the answer to the command shows it. */
  isThere(answer: unknown): boolean;
}

/** A key with any value. */
export function presence(key: string): Written {
  return { look: ['EXISTS', key], isThere: answer => answer === 1 };
}

/** Whatever the server has that keeps a key; the caller looks at it afterwards. */
export function everything(key: string): Written {
  return { look: ['EXISTS', key], isThere: () => true };
}

/** An event that is in the log. */
export function recordedEvent({ id }: { id: string }): Written {
  return presence(eventKey(id));
}

/**
 * Waits until enough replicas have what was written. It is read and waited for on one connection, so that
 * a failover in between cannot make the replicas of a master that lacks it count. WAIT waits for all that
 * its server has written when the command before it ends, for all callers; it needs no write of its own,
 * which a server whose memory is full would refuse. Throws Unavailable.
 */
export async function acknowledge(
  asker: Asker,
  limits: RedisLimits,
  { look, isThere }: Written,
): Promise<void> {
  if (limits.ackReplicas === 0) return;
  const results = await asker.ask(client =>
    client
      .pipeline()
      .call(...look)
      .call('WAIT', String(limits.ackReplicas), String(limits.ackTimeoutMs))
      .exec(),
  );
  const [[lookError, answer] = [], [, replicas] = []] = results ?? [];
  if (lookError || !isThere(answer)) {
    throw new Unavailable('a failover lost the change; repeat the call', lookError);
  }
  if (typeof replicas !== 'number' || replicas < limits.ackReplicas) {
    throw new Unavailable('too few Redis replicas have the change');
  }
}
