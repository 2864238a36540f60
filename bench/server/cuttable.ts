/** A way to a port that can be cut without either side being told, as a network does it. */

import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';

/** The way. */
export interface Cuttable {
  port: number;
  /** Nothing goes through any more, in either direction. */
  cut(): void;
  /** What was held back goes on. */
  mend(): void;
  stop(): void;
}

/** Opens a way to a port. */
export async function openCuttable(to: number): Promise<Cuttable> {
  const sockets = new Set<Socket>();
  let isCut = false;
  const server = createServer(near => {
    const far = connect({ port: to, host: '127.0.0.1', noDelay: true });
    near.setNoDelay(true);
    for (const [from, onto] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on('data', chunk => void onto.write(chunk));
      from.on('error', () => undefined);
      from.on('close', () => {
        sockets.delete(from);
        onto.destroy();
      });
      if (isCut) from.pause();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    cut() {
      isCut = true;
      for (const socket of sockets) socket.pause();
    },
    mend() {
      isCut = false;
      for (const socket of sockets) socket.resume();
    },
    stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
