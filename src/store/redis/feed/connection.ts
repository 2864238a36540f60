/**
 * What the two kinds of feed share: the connection to one Redis master and the events they report.
 */

import type { Redis } from 'ioredis';
import type { AuditLog } from '../../store.ts';
import type { RedisLimits } from '../limits.ts';

/** The events of a followed master. */
export interface MasterEvents {
  /** All changes acknowledged before this time, on the monotonic clock, were announced. */
  confirmed(askedAtMs: number): void;
  /** The connection was lost, for this reason. */
  lost(error: unknown): void;
  /** The key of this name changed. */
  changed(key: string): void;
  /** Any key may have changed. */
  changedAll(): void;
  /** Redis refused tracking, so published messages are followed instead. */
  refused(reason: string): void;
}

/** The feed's connection to a master, until it ends. */
export interface FeedConnection {
  /** The feed's own connection. RESP2, since ioredis drops the push messages of RESP3. */
  readonly client: Redis;
  /** The connection on which records are read from the same master. */
  readonly server: Redis;
  /** The audit log, read on the records' connection. */
  readonly log: Pick<AuditLog, 'head' | 'events'>;
  readonly limits: RedisLimits;
  readonly events: MasterEvents;
  /** `performance.now`. */
  monotonicMs(): number;
  /** Settles as the promise does; rejects when the connection ends first. */
  orLost<T>(promise: Promise<T>): Promise<T>;
  /** Waits until the time has passed or `wake` is called. */
  pause(ms: number): Promise<void>;
  /** Ends the pause. */
  wake(): void;
}

/** Thrown by a kind of feed that this Redis does not support or permit. */
export class Refused extends Error {
  override readonly name = 'Refused';
}

/** What identifies a master: a deposed one changes its role, another one has another run id. */
export interface ServerState {
  role: string;
  runId: string;
}

/** Reads a server's role and run id. Without the right to ROLE it is taken for a master. */
export async function stateOf(server: Redis): Promise<ServerState> {
  const [role, runId] = await Promise.all([
    server.role().then(reply => String((reply as unknown[])[0]), unlessRefused('master')),
    runIdOf(server),
  ]);
  return { role, runId };
}

/** The run id of a server, or "" without the right to INFO. */
export function runIdOf(server: Redis): Promise<string> {
  return server
    .info('server')
    .then(info => /^run_id:(\w+)/m.exec(info)?.[1] ?? '', unlessRefused(''));
}

/** Whether Redis refused a command: for this user, or at all. */
export function isRefusal(error: unknown): error is Error {
  return error instanceof Error && /^(NOPERM|ERR|OOM|MISCONF|NOREPLICAS) /.test(error.message);
}

/** Resolves once a server has answered. It refuses PING while a save has failed, which is an answer too. */
export async function answerOf(server: Redis): Promise<void> {
  await server.ping().catch(unlessRefused(''));
}

function unlessRefused(instead: string) {
  return (error: unknown) => {
    if (isRefusal(error)) return instead;
    throw error;
  };
}
