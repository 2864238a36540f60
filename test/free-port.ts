/** Finds ports for servers that cannot choose one themselves. */

import { createSocket } from 'node:dgram';
import { createServer } from 'node:net';

/**
 * A free port below those that the system uses for outgoing connections. The port 10000 above it is
 * free too, since a node of a Redis Cluster uses both. No other process is given one of them while this
 * process runs, although a port looks free until its server listens, and while that restarts.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 9000);
    if (!(await reserve(port + 10_000))) continue;
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

/**
 * Takes a port of UDP, which no server of a test uses, until this process ends, however it ends. False
 * when any process has it.
 */
function reserve(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const socket = createSocket('udp4').unref();
    socket.once('error', () => {
      socket.close();
      resolve(false);
    });
    socket.bind({ port, address: '127.0.0.1', exclusive: true }, () => resolve(true));
  });
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
