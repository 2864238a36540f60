/** Every door comes to the same verdict over TLS, for callers that show a client certificate. */

import { makeFiles } from '../tls/files.ts';
import { openTunnel, type Tunnel } from '../tls/tunnel.ts';
import { describeParity } from './describe-parity.ts';

const open = async () => {
  const files = makeFiles();
  const tunnels: Tunnel[] = [];
  const { cert, key } = files.client;
  return {
    env: {
      ...files.env,
      USHER_TLS_CLIENT_SANS: 'gateway.example',
      USHER_MANAGER_TLS_CLIENT_CA_FILE: files.path('clientCa.crt'),
    },
    async reach(address: string) {
      const tunnel = await openTunnel(address, { ca: files.ca.cert, cert, key });
      tunnels.push(tunnel);
      return tunnel.address;
    },
    async stop() {
      for (const tunnel of tunnels) tunnel.close();
      files.remove();
    },
  };
};
describeParity('LMDB over TLS', open, 'mtls');
