/** A connection of the feed's own to one Redis master, and what whoever hears on it tells. */

import type { Redis } from 'ioredis';
import type { AuditLog } from '../../store.ts';
import type { RedisLimits } from '../limits.ts';

/** What a followed master tells. */
export interface MasterEvents {
  /** All that was acknowledged before this time, on the monotonic clock, has been told. */
  heard(askedAtMs: number): void;
  lost(): void;
  /** The name of a key that changed. */
  changed(key: string): void;
  changedAll(): void;
  /** Tracking is refused, so that messages are heard instead. */
  refused(reason: string): void;
}

/** A connection to hear on, until it ends. */
export interface FeedConnection {
  /** RESP2, since the client drops the pushes of RESP3. */
  readonly client: Redis;
  /** The connection on which the records are read from the master that is heard. */
  readonly server: Redis;
  /** The audit log, as the records are read. */
  readonly log: Pick<AuditLog, 'head' | 'events'>;
  readonly limits: RedisLimits;
  readonly events: MasterEvents;
  monotonicMs(): number;
  /** Resolves as the promise does, unless the connection ends before. */
  orLost<T>(promise: Promise<T>): Promise<T>;
  /** Waits for so long, or until it is woken. */
  pause(ms: number): Promise<void>;
  wake(): void;
}

/** Thrown by whoever tries a way to hear that this Redis does not offer. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** Who a server is: a master that was replaced, or another one under its address, is told apart. */
export interface ServerState {
  role: string;
  runId: string;
}

/** Asks a server who it is. A user who may not ask is believed to be connected to a master. */
export async function stateOf(server: Redis): Promise<ServerState> {
  const [role, runId] = await Promise.all([
    server.role().then(reply => String((reply as unknown[])[0]), unlessRefused('master')),
    runIdOf(server),
  ]);
  return { role, runId };
}

/** The id of this run of a server, or "" where one may not know it. */
export function runIdOf(server: Redis): Promise<string> {
  return server
    .info('server')
    .then(info => /^run_id:(\w+)/m.exec(info)?.[1] ?? '', unlessRefused(''));
}

/** Whether Redis understood, and will not do it: for this user, or at all. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && /^(NOPERM|ERR|OOM|MISCONF|NOREPLICAS) /.test(error.message);
}

function unlessRefused(instead: string) {
  return (error: unknown) => {
    if (isRefusal(error)) return instead;
    throw error;
  };
}
