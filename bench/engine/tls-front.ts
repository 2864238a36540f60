/**
 * Loaded by Usher before its own code: adds a TLS listener in front of its gRPC listener, in the
 * same process, so that TLS can be measured with each engine. Node reports every listener on the
 * channel `net.server.listen` (diagnostics_channel).
 */

import { subscribe } from 'node:diagnostics_channel';
import { readFileSync } from 'node:fs';
import type { Server } from 'node:net';
import { env } from 'node:process';
import { createServer } from 'node:tls';

subscribe('tracing:net.server.listen:asyncEnd', message => {
  const { server } = message as { server: Server };
  const address = server.address();
  if (address === null || typeof address === 'string') return;
  if (`${address.address}:${address.port}` !== env.USHER_GRPC_LISTEN) return;
  const [key, cert] = [env.BENCH_TLS_KEY ?? '', env.BENCH_TLS_CERTIFICATE ?? ''];
  createServer(
    {
      key: readFileSync(key),
      cert: readFileSync(cert),
      ALPNProtocols: ['h2'],
      minVersion: 'TLSv1.3',
      noDelay: true,
    },
    socket => server.emit('connection', socket),
  ).listen(Number(env.BENCH_TLS_PORT), '127.0.0.1');
});
