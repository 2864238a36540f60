/**
 * Redis as the model has it: a master and a replica that lose nothing, told apart by who may write.
 * What Redis documents of CLIENT TRACKING in BCAST mode is here: word of a write is on its way to
 * whoever listens before the write is answered, and each connection keeps its order.
 */

import type { Wire } from './wire.ts';

/** A server. */
export interface Server {
  name: string;
  runId: string;
  role: 'master' | 'slave';
  /** Whether it takes connections. */
  up: boolean;
  /** SIGSTOP: what comes waits. */
  stopped: boolean;
  inbox: (() => void)[];
  data: Map<string, string>;
  /** Whether a replica hears its master. */
  linked: boolean;
  wires: Set<Wire>;
  trackers: Map<Wire, (keys: string[] | null) => void>;
}

/** An error that Redis answers. */
export class ReplyError extends Error {
  override readonly name = 'ReplyError';
}

/** Both servers. */
export interface Redis {
  servers: [Server, Server];
  master(): Server;
  /** Does a command. Throws ReplyError. */
  execute(server: Server, wire: Wire, name: string, args: string[]): unknown;
  /** Writes, as a script of the administrator would. */
  write(server: Server, key: string, value: string): void;
  invalidate(server: Server, keys: string[] | null): void;
  /** Does what waits for a server now, or once it goes on. */
  serve(server: Server, task: () => void): void;
  stop(server: Server): void;
  resume(server: Server): void;
  /** Ends all connections to a server, which comes back as a new process with all it had. */
  kill(server: Server): void;
  restart(server: Server): void;
  /** Makes the other one the master; nothing is lost. The one before becomes its replica. */
  failover(linked: boolean): void;
  /** The replica hears its master again, and has what it missed. */
  link(): void;
}

/** Makes both. */
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
      // Nothing is lost: the replica has all before it takes over.
      link();
      const [before, after] = [master(), replica()];
      after.role = 'master';
      before.role = 'slave';
      before.linked = linked;
    },
  };
}
