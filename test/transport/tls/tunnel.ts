/** A way to a port with TLS for callers that speak plain text, with a client certificate. */

import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import { type ConnectionOptions, connect } from 'node:tls';

/** An open tunnel. */
export interface Tunnel {
  /** "host:port". */
  address: string;
  close(): void;
}

/** Opens a tunnel to an address. The first bytes decide which protocol is agreed on by ALPN. */
export async function openTunnel(address: string, options: ConnectionOptions): Promise<Tunnel> {
  const [host, port] = address.split(':');
  const sockets = new Set<Socket>();
  // Without this, small writes would wait 40 ms for each other.
  const noDelay = true;
  const server = createServer({ noDelay }, caller => {
    sockets.add(caller);
    caller.on('error', () => undefined).on('close', () => sockets.delete(caller));
    caller.once('data', (chunk: Buffer) => {
      caller.pause();
      caller.unshift(chunk);
      const ALPNProtocols = [chunk.toString('latin1', 0, 3) === 'PRI' ? 'h2' : 'http/1.1'];
      const target = { host, port: Number(port), servername: 'localhost', ALPNProtocols };
      const secured = connect({ ...target, ...options });
      secured.setNoDelay(noDelay);
      pipeline(caller, secured, () => undefined);
      pipeline(secured, caller, () => undefined);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    close() {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}
