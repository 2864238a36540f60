import { once } from 'node:events';
import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { freePort } from '../../processes.ts';
import { startDaemon } from '../daemon.ts';
import { installed, versionOf } from '../get.ts';
import { digest, tokensOf } from '../keys.ts';
import type { Peer } from '../peer.ts';

const line = 'apt-get install haproxy';

const config = (port: number, secret: string) => `global
  nbthread 1
  stats socket unix@admin.sock level admin
defaults
  mode http
  timeout client 30s
  timeout connect 5s
  timeout server 30s
frontend bench
  bind 127.0.0.1:${port}
  acl key req.hdr(authorization),sha2(256),hex,lower,map_str(keys.map) -m found
  acl bearer req.hdr(authorization) -m beg "Bearer "
  http-request set-var(txn.signed) http_auth_bearer,jwt_verify("HS256","${secret}") if bearer
  http-request set-var(txn.exp) http_auth_bearer,jwt_payload_query('$.exp','int') if bearer
  http-request set-var(txn.now) date if bearer
  http-request set-var(txn.left) var(txn.exp),sub(txn.now) if bearer
  acl signed var(txn.signed) -m int 1
  acl timely var(txn.left) -m int gt 0
  http-request return status 200 content-type text/plain string "Oh, Hello" if key
  http-request return status 200 content-type text/plain string "Oh, Hello" if signed timely
  http-request deny deny_status 401
`;

/** HAProxy with a map of keys and its converter for JWTs. */
export const haproxy: Peer = {
  name: 'haproxy',
  wire: 'gateway',
  async get() {
    return `HAProxy ${versionOf(installed('haproxy', line), ['-v'], /version (\d+\.\d+\.\d+)/)}`;
  },
  async start(known) {
    const port = await freePort();
    const map = tokensOf(known).map(token => `${digest(token)} 1\n`);
    const files = {
      'haproxy.cfg': config(port, known.jwt.secret),
      'keys.map': map.join(''),
    };
    const command = [installed('haproxy', line), '-f', 'haproxy.cfg'];
    const daemon = await startDaemon('haproxy', command, { files, port });
    return {
      pids: () => daemon.pids(),
      address: `127.0.0.1:${port}`,
      headers: known.headers,
      async revoke() {
        const socket = connect(`${daemon.folder}/admin.sock`);
        await once(socket, 'connect');
        socket.end(`del map keys.map ${digest(known.spare.token)}\n`);
        const said = (await text(socket)).trim();
        if (said !== '') throw new Error(`HAProxy: ${said}`);
      },
      stop: () => daemon.stop(),
    };
  },
  does: 'SHA-256 and a map of 100,002 digests; `jwt_verify` with HS256, each time',
  cannot:
    'one key for all JWTs, since it finds none by `kid`; a key is revoked through the socket of each process, and again in the file of the map; no owners, expiry of keys or audit log',
};
