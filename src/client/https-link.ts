/** Connects by the Connect protocol over HTTPS on Node, where fetch takes no authority of its own. */

import { createConnectTransport } from '@connectrpc/connect-node';
import type { Link } from './links.ts';
import { type TlsSource, tlsAgent, tlsConnect } from './tls-connect.ts';

/** Takes "https://host:port". */
export function connectByHttps(address: string, tls: TlsSource): Link {
  const agent = tlsAgent(tlsConnect(address, tls));
  const transport = createConnectTransport({
    baseUrl: address,
    httpVersion: '1.1',
    nodeOptions: { agent },
    useBinaryFormat: true,
    acceptCompression: [],
  });
  return { transport, streams: false, close: () => agent.destroy() };
}
