/** The least that a node:http server costs which answers as /forward-auth does. */

import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const headers = {
  'Content-Length': 0,
  'x-usher-token-id': '018dcf2e-7a00-7000-8000-000000000001',
  'x-usher-kind': 'static',
  'x-usher-owner': '',
  'x-usher-subject': '',
  'x-usher-scopes': 'orders.read',
  'x-usher-revision': '1',
};

const server = createServer((_req, res) => {
  res.writeHead(200, headers).end();
});
server.listen(0, '127.0.0.1', () => {
  process.stdout.write(`${(server.address() as AddressInfo).port}\n`);
});
process.on('SIGTERM', () => process.exit(0));
