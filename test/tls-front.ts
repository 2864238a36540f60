/** Speaks TLS in front of a server without it, and counts what comes. */

import { readFileSync } from 'node:fs';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { createServer, type TlsOptions } from 'node:tls';
import type { Certificates } from './certificates.ts';

/** A running front. */
export interface TlsFront {
  readonly port: number;
  /** Handshakes that were finished, and such that failed. */
  handshakes: { done: number; failed: number };
  /** Uses the server's certificate as it is in its files now, for new connections. */
  reload(): void;
  stop(): Promise<void>;
}

/** Starts one; with `mutual` it wants a client certificate of the same authority. */
export async function startTlsFront(
  to: string,
  certificates: Certificates,
  mutual = false,
): Promise<TlsFront> {
  const options = (): TlsOptions => {
    const pem = (name: string) => readFileSync(certificates.path(name));
    const ca = mutual ? { ca: pem('ca.pem') } : {};
    return { cert: pem('server.pem'), key: pem('server-key.pem'), ...ca };
  };
  const sockets = new Set<Socket>();
  const handshakes = { done: 0, failed: 0 };
  const { hostname, port } = new URL(`http://${to}`);
  const server = createServer(
    {
      ...options(),
      requestCert: mutual,
      rejectUnauthorized: mutual,
      ALPNProtocols: ['h2', 'http/1.1'],
    },
    socket => {
      handshakes.done++;
      const inner = connect(Number(port), hostname);
      socket.pipe(inner).pipe(socket);
      for (const each of [socket, inner]) {
        sockets.add(each);
        each.on('error', () => undefined);
        each.on('close', () => {
          sockets.delete(each);
          socket.destroy();
          inner.destroy();
        });
      }
    },
  );
  server.on('tlsClientError', () => {
    handshakes.failed++;
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    port: (server.address() as AddressInfo).port,
    handshakes,
    reload: () => server.setSecureContext(options()),
    async stop() {
      for (const socket of sockets) socket.destroy();
      await new Promise(resolve => server.close(resolve));
    },
  };
}
