/** A TCP connection of a process to a Redis server. */

import { openPipe, type Pipe } from './pipe.ts';
import type { Redis, Server } from './redis.ts';
import type { Actor, World } from './world.ts';

/** A connection. `end` is when the process ends it. */
export interface Wire extends Pipe {
  readonly name: string;
  readonly server: Server;
  /** Breaks it: the process is told. */
  cut(): void;
}

/** Opens one. `onCut` is called in the process. */
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
