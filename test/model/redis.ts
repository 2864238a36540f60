/**
 * The model of Redis: a master, which takes writes, and a replica; neither loses data. It implements
 * what Redis documents about CLIENT TRACKING in BCAST mode: the invalidation of a write is sent to
 * all tracking connections before the write is answered, and each connection keeps its order.
 */

import type { Wire } from './wire.ts';

/** A Redis server. */
export interface Server {
  name: string;
  runId: string;
  role: 'master' | 'slave';
  /** Whether it accepts connections. */
  up: boolean;
  /** Stopped like by SIGSTOP: what arrives waits. */
  stopped: boolean;
  inbox: (() => void)[];
  data: Map<string, string>;
  /** Whether a replica is connected to its master. */
  linked: boolean;
  wires: Set<Wire>;
  trackers: Map<Wire, (keys: string[] | null) => void>;
}

/** An error reply of Redis. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** Both servers. */
export interface Redis {
  servers: [Server, Server];
  master(): Server;
  /** Executes a command. Throws ReplyError. */
  execute(server: Server, wire: Wire, name: string, args: string[]): unknown;
  /** Writes a key like a script of the administrator. */
  write(server: Server, key: string, value: string): void;
  invalidate(server: Server, keys: string[] | null): void;
  /** Runs a task on a server now, or when it is no longer stopped. */
  serve(server: Server, task: () => void): void;
  stop(server: Server): void;
  resume(server: Server): void;
  /** Closes all connections to a server, which restarts with all its data. */
  kill(server: Server): void;
  restart(server: Server): void;
  /** Promotes the replica without loss; the old master becomes its replica. */
  failover(linked: boolean): void;
  /** Reconnects the replica to its master and catches it up. */
  link(): void;
}

/** Creates both servers. */
export function createRedis(): Redis {
  let runs = 0;
  const server = (name: string, role: Server['role']): Server => ({
    name,
    runId: `run${runs++}`,
    role,
    up: true,
    stopped: false,
    inbox: [],
    data: new Map(),
    linked: role === 'slave',
    wires: new Set(),
    trackers: new Map(),
  });
  const servers: [Server, Server] = [server('a', 'master'), server('b', 'slave')];
  const master = () => servers.find(({ role }) => role === 'master') as Server;
  const replica = () => servers.find(({ role }) => role === 'slave') as Server;

  const invalidate = (to: Server, keys: string[] | null) => {
    for (const tell of to.trackers.values()) tell(keys);
  };
  const put = (to: Server, key: string, value: string) => {
    to.data.set(key, value);
    if (key.startsWith('usher:token:')) invalidate(to, [key]);
  };
  const write = (to: Server, key: string, value: string) => {
    put(to, key, value);
    if (to.role === 'master' && replica().linked) put(replica(), key, value);
  };
  const link = () => {
    replica().linked = true;
    for (const [key, value] of master().data) {
      if (replica().data.get(key) !== value) put(replica(), key, value);
    }
  };

  return {
    servers,
    master,
    write,
    invalidate,
    link,
    execute(on, wire, name, args) {
      switch (name) {
        case 'GET':
          return on.data.get(args[0] as string) ?? null;
        case 'SET':
          if (on.role !== 'master') throw new ReplyError('READONLY You can not write');
          write(on, args[0] as string, args[1] as string);
          return 'OK';
        case 'ROLE':
          return [on.role];
        case 'INFO':
          return `# Server\r\nrun_id:${on.runId}\r\n`;
        case 'EXISTS':
        case 'ID':
          return 1;
        case 'TRACKING':
        case 'SUBSCRIBE':
          return 'OK';
        case 'PING':
          return 'PONG';
        default:
          throw new Error(`${wire.name} sent ${name}, which the model does not have`);
      }
    },
    serve(on, task) {
      if (on.stopped) on.inbox.push(task);
      else task();
    },
    stop(on) {
      on.stopped = true;
    },
    resume(on) {
      on.stopped = false;
      for (const task of on.inbox.splice(0)) task();
    },
    kill(on) {
      on.up = false;
      on.inbox = [];
      for (const wire of [...on.wires]) wire.cut();
      on.trackers.clear();
    },
    restart(on) {
      on.up = true;
      on.stopped = false;
      on.runId = `run${runs++}`;
    },
    failover(linked) {
      // Nothing is lost: the replica has all data before it takes over.
      link();
      const [before, after] = [master(), replica()];
      after.role = 'master';
      before.role = 'slave';
      before.linked = linked;
    },
  };
}
