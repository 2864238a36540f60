/** Processes with SDK clients in them, and what they tell of tokens that were revoked. */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { endWithUs } from '../processes.ts';
import type { Telling, Told } from './revocation-clients.ts';

/** The clients. */
export interface Clients {
  /** From now on all of them verify this token, all the time. Resolves when all have called it valid. */
  watch(id: number, header: string): Promise<void>;
  /** Ends that, and gives when a verification started last that said valid (CLOCK_MONOTONIC, ms). */
  drop(id: number): Promise<number>;
  /** How many verdicts on these are valid, at once; and how many verdicts there were in all. */
  check(headers: string[]): Promise<{ valid: number; verdicts: number }>;
  stop(): Promise<void>;
}

const perProcess = 10;

/** Starts 20 clients in two processes; the first process asks the servers directly too. */
export async function startClients(addresses: string[]): Promise<Clients> {
  const children = [true, false].map(direct => {
    const child = fork('bench/server/revocation-clients.ts');
    child.setMaxListeners(0);
    endWithUs(child);
    child.once('exit', code => {
      if (code !== 0) throw new Error('a process with clients died');
    });
    tell(child, { what: 'start', addresses, clients: perProcess, direct });
    return child;
  });
  await Promise.all(children.map(child => heard(child, 'ready')));
  return {
    async watch(id, header) {
      await Promise.all(
        children.map(child => {
          const seen = heard(child, 'seen', id);
          tell(child, { what: 'watch', id, header });
          return seen;
        }),
      );
    },
    async drop(id) {
      const told = await Promise.all(
        children.map(child => {
          const dropped = heard(child, 'dropped', id);
          tell(child, { what: 'drop', id });
          return dropped;
        }),
      );
      return Math.max(...told.map(({ lastValidMs }) => lastValidMs));
    },
    async check(headers) {
      const told = await Promise.all(
        children.map(child => {
          const checked = heard(child, 'checked');
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

/** The next message of a kind, about a token where one is named. */
function heard<W extends Telling['what']>(child: ChildProcess, what: W, id?: number) {
  return new Promise<Telling & { what: W }>(resolve => {
    const listen = (said: Telling) => {
      if (said.what !== what || ('id' in said && said.id !== id)) return;
      child.off('message', listen);
      resolve(said as Telling & { what: W });
    };
    child.on('message', listen);
  });
}
