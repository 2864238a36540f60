/** Finds ports for servers that cannot choose one themselves. */

import { createServer } from 'node:net';

/** What this process was given: until its server listens, a port looks free. */
const given = new Set<number>();

/**
 * A free port below those that the system uses for outgoing connections. The port 10000 above it is
 * free too, since a node of a Redis Cluster uses both.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 9000);
    if (given.has(port)) continue;
    given.add(port);
    if ((await isFree(port)) && (await isFree(port + 10_000))) return port;
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}
