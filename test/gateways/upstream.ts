/** The service behind a gateway: it records what it received, and answers with a greeting. */

import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A request as it arrived. */
export interface Received {
  method: string;
  url: string;
  /** Names and values in pairs, as received. */
  rawHeaders: readonly string[];
}

/** The running service. */
export interface Upstream {
  readonly address: string;
  /** The requests since the last call of this function. */
  take(): Received[];
  stop(): Promise<void>;
}

/** Starts the service on a free port. */
export async function startUpstream(): Promise<Upstream> {
  const received: Received[] = [];
  const options = { requireHostHeader: false, maxHeaderSize: 131_072 };
  const server = createServer(options, (req: IncomingMessage, res) => {
    received.push({ method: req.method ?? '', url: req.url ?? '', rawHeaders: req.rawHeaders });
    res.writeHead(200, { 'Content-Type': 'application/json' }).end('{"upstream":true}');
  });
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    take: () => received.splice(0),
    async stop() {
      server.closeAllConnections();
      await new Promise(resolve => server.close(resolve));
    },
  };
}

/** All values of a header that arrived, by its name in lower case. */
export function valuesOf({ rawHeaders }: Received, name: string): string[] {
  return rawHeaders.filter((_, at) => at % 2 === 1 && rawHeaders[at - 1]?.toLowerCase() === name);
}
