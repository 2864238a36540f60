/** A simulated TCP connection of a process to a Redis server. */

import { openPipe, type Pipe } from './pipe.ts';
import type { Redis, Server } from './redis.ts';
import type { Actor, World } from './world.ts';

/** A connection. `end` closes it on the side of the process. */
export interface Wire extends Pipe {
  readonly name: string;
  readonly server: Server;
  /** Breaks the connection, and the process notices. */
  cut(): void;
}

/** Opens a connection. `onCut` is called in the process when it breaks. */
export function openWire(
  name: string,
  { world, redis, actor, server }: { world: World; redis: Redis; actor: Actor; server: Server },
  delayMs: () => number,
  onCut: () => void,
): Wire {
  const pipe = openPipe(
    world,
    {
      up: arrived => redis.serve(server, () => pipe.isOpen() && arrived()),
      down: arrived => void world.later(0, actor, name, arrived),
    },
    delayMs,
  );
  const { end } = pipe;
  const wire: Wire = Object.assign(pipe, {
    name,
    server,
    end() {
      end();
      server.wires.delete(wire);
      server.trackers.delete(wire);
    },
    cut() {
      if (!pipe.isOpen()) return;
      wire.end();
      world.later(1, actor, name, onCut);
    },
  });
  server.wires.add(wire);
  return wire;
}
