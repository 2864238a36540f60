/** Finds ports for servers that cannot choose one themselves. */

import { createServer } from 'node:net';

/**
 * A port that nobody listens on, nor on the one 10000 above, which a Cluster's node uses as well; below
 * those that the system gives to outgoing connections.
 */
export async function freePort(): Promise<number> {
  for (;;) {
    const port = 11_000 + Math.floor(Math.random() * 9000);
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
