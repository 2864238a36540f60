/** Every door comes to the same verdict over TLS, for callers with a client certificate. */

import { makeFiles } from '../tls/files.ts';
import { openTunnel, type Tunnel } from '../tls/tunnel.ts';
import { describeParity } from './describe-parity.ts';

describeParity('LMDB over TLS', async () => {
  const files = makeFiles();
  const tunnels: Tunnel[] = [];
  const { cert, key } = files.client;
  return {
    env: { ...files.env, USHER_MANAGER_TLS_CLIENT_CA_FILE: files.path('clientCa.crt') },
    once: true,
    async reach(address) {
      const tunnel = await openTunnel(address, { ca: files.ca.cert, cert, key });
      tunnels.push(tunnel);
      return tunnel.address;
    },
    async stop() {
      for (const tunnel of tunnels) tunnel.close();
      files.remove();
    },
  };
});
