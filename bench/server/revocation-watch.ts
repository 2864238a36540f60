/** Starts processes with SDK clients, and asks them when revoked tokens were last called valid. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { endWithUs } from '../processes.ts';
import type { Telling, Told } from './revocation-clients.ts';

/** The running clients. */
export interface Clients {
  /** All clients verify this token from now on. Resolves when every client has called it valid. */
  watch(id: number, header: string): Promise<void>;
  /**
   * Ends that. Resolves to the time at which the last verification with a valid verdict started, in
   * milliseconds of CLOCK_MONOTONIC.
   */
  drop(id: number): Promise<number>;
  /** Verifies these once: the number of valid verdicts, and of all verdicts since the start. */
  check(headers: string[]): Promise<{ valid: number; verdicts: number }>;
  /** Ends the processes. */
  stop(): Promise<void>;
}

const perProcess = 10;

/** Starts 20 clients in two processes; the first process also calls the servers directly. */
export async function startClients(addresses: string[]): Promise<Clients> {
  const children = [true, false].map(direct => {
    const child = fork('bench/server/revocation-clients.ts');
    child.setMaxListeners(0);
    endWithUs(child);
    child.once('exit', code => {
      if (code !== 0) throw new Error('a process with SDK clients failed');
    });
    tell(child, { what: 'start', addresses, clients: perProcess, direct });
    return child;
  });
  await Promise.all(children.map(child => nextMessage(child, 'ready')));
  return {
    async watch(id, header) {
      await Promise.all(
        children.map(child => {
          const seen = nextMessage(child, 'seen', id);
          tell(child, { what: 'watch', id, header });
          return seen;
        }),
      );
    },
    async drop(id) {
      const told = await Promise.all(
        children.map(child => {
          const dropped = nextMessage(child, 'dropped', id);
          tell(child, { what: 'drop', id });
          return dropped;
        }),
      );
      return Math.max(...told.map(({ lastValidMs }) => lastValidMs));
    },
    async check(headers) {
      const told = await Promise.all(
        children.map(child => {
          const checked = nextMessage(child, 'checked');
          tell(child, { what: 'check', headers });
          return checked;
        }),
      );
      return {
        valid: told.reduce((sum, { valid }) => sum + valid, 0),
        verdicts: told.reduce((sum, { verdicts }) => sum + verdicts, 0),
      };
    },
    async stop() {
      for (const child of children) child.disconnect();
      await Promise.all(children.map(child => once(child, 'exit')));
    },
  };
}

function tell(child: ChildProcess, told: Told): void {
  child.send(told);
}

/** The next message of a kind, about the token `id` if it is given. */
function nextMessage<W extends Telling['what']>(child: ChildProcess, what: W, id?: number) {
  return new Promise<Telling & { what: W }>(resolve => {
    const listen = (said: Telling) => {
      if (said.what !== what || ('id' in said && said.id !== id)) return;
      child.off('message', listen);
      resolve(said as Telling & { what: W });
    };
    child.on('message', listen);
  });
}
