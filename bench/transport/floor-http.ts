/**
 * The floor of HTTP calls: a bare node:http server with fixed headers and a fixed body. The first
 * argument is an array of the two, as JSON. Prints its port.
 */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const [headers, body] = JSON.parse(process.argv[2] as string) as [Record<string, string>, string];

const server = createServer((_req, res) => {
  res.writeHead(200, headers).end(body);
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
