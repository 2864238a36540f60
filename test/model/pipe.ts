/** A simulated connection: messages arrive in order, and can be delayed, held back or lost. */

import type { World } from './world.ts';

/** A connection. A message is a function that runs where it arrives. */
export interface Pipe {
  /** Delay of a message, in milliseconds. */
  delayMs: () => number;
  up(arrived: () => void): void;
  down(arrived: () => void): void;
  /** Holds messages back while silent; none is lost. */
  silence(isSilent: boolean): void;
  isOpen(): boolean;
  /** Closes the connection; messages in flight are lost. */
  end(): void;
}

/** Runs a message at one of the ends. */
type Arrive = (arrived: () => void) => void;

/** Opens a connection. */
export function openPipe(
  world: World,
  arrive: { up: Arrive; down: Arrive },
  delayMs: () => number,
): Pipe {
  interface Message {
    atMs: number;
    arrived: () => void;
  }
  const queues: Record<'up' | 'down', Message[]> = { up: [], down: [] };
  let open = true;
  let silent = false;

  const pump = (way: 'up' | 'down') => {
    const queue = queues[way];
    while (open && !silent && queue[0] !== undefined && queue[0].atMs <= world.now()) {
      arrive[way]((queue.shift() as Message).arrived);
    }
  };
  const send = (way: 'up' | 'down', arrived: () => void) => {
    if (!open) return;
    const last = queues[way].at(-1)?.atMs ?? 0;
    const atMs = Math.max(last, world.now() + pipe.delayMs());
    queues[way].push({ atMs, arrived });
    world.later(atMs - world.now(), undefined, 'pipe', () => pump(way));
  };
  const pipe: Pipe = {
    delayMs,
    up: arrived => send('up', arrived),
    down: arrived => send('down', arrived),
    silence(isSilent) {
      silent = isSilent;
      pump('up');
      pump('down');
    },
    isOpen: () => open,
    end() {
      open = false;
    },
  };
  return pipe;
}
