/** Stands between a gateway and Usher, and records what each connection carries. */

import type { AddressInfo } from 'node:net';
import { connect, createServer, type Socket } from 'node:net';

/** The bytes of a connection so far, as Latin-1. */
interface Recorded {
  /** From the gateway. */
  sent: string;
  /** From Usher. */
  answered: string;
}

/** A running recorder. */
export interface Recorder {
  /** Where the gateway connects to, as "host:port". */
  readonly address: string;
  readonly connections: readonly Recorded[];
  /** Forgets the bytes so far. */
  clear(): void;
  stop(): Promise<void>;
}

/** Starts a recorder in front of an address. */
export async function record(target: string): Promise<Recorder> {
  const [host, port] = target.split(':');
  const connections: Recorded[] = [];
  const sockets = new Set<Socket>();
  const server = createServer({ noDelay: true }, socket => {
    const recorded = { sent: '', answered: '' };
    connections.push(recorded);
    const usher = connect({ host, port: Number(port), noDelay: true });
    for (const [from, to, side] of [
      [socket, usher, 'sent'],
      [usher, socket, 'answered'],
    ] as const) {
      sockets.add(from);
      from.on('data', chunk => {
        recorded[side] += chunk.toString('latin1');
      });
      // The one that is reset resets the other, as without a recorder.
      from.on('error', () => to.resetAndDestroy());
      from.on('close', () => sockets.delete(from));
      from.pipe(to);
    }
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    connections,
    clear() {
      for (const recorded of connections) Object.assign(recorded, { sent: '', answered: '' });
    },
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
