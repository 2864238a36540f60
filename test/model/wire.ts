/** A TCP connection of a process to a server: in order, late, silent for a while, or cut. */

import type { Redis, Server } from './redis.ts';
import type { Actor, World } from './world.ts';

/** A connection. */
export interface Wire {
  readonly name: string;
  readonly server: Server;
  /** How long a message takes, in milliseconds. */
  delayMs: () => number;
  /** Sends to the server, or to the process; what arrives is done there. */
  up(arrived: () => void): void;
  down(arrived: () => void): void;
  /** Nothing arrives until it is spoken again; nothing is lost. */
  silence(isSilent: boolean): void;
  /** Ends it: what is on its way is lost, and the process is told. */
  cut(): void;
  /** The process ends it. */
  close(): void;
}

/** Opens one. `onCut` is called in the process. */
export function openWire(
  name: string,
  { world, redis, actor, server }: { world: World; redis: Redis; actor: Actor; server: Server },
  delayMs: () => number,
  onCut: () => void,
): Wire {
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
      const { arrived } = queue.shift() as Message;
      if (way === 'up') redis.serve(server, () => open && arrived());
      else world.later(0, actor, name, arrived);
    }
  };
  const send = (way: 'up' | 'down', arrived: () => void) => {
    if (!open) return;
    const last = queues[way].at(-1)?.atMs ?? 0;
    const atMs = Math.max(last, world.now() + wire.delayMs());
    queues[way].push({ atMs, arrived });
    world.later(atMs - world.now(), undefined, name, () => pump(way));
  };
  const end = () => {
    open = false;
    server.wires.delete(wire);
    server.trackers.delete(wire);
  };

  const wire: Wire = {
    name,
    server,
    delayMs,
    up: arrived => send('up', arrived),
    down: arrived => send('down', arrived),
    silence(isSilent) {
      silent = isSilent;
      pump('up');
      pump('down');
    },
    cut() {
      if (!open) return;
      end();
      world.later(1, actor, name, onCut);
    },
    close: end,
  };
  server.wires.add(wire);
  return wire;
}
