import { freePort } from '../../processes.ts';
import { startDaemon } from '../daemon.ts';
import { installed, versionOf } from '../get.ts';
import { tokensOf } from '../keys.ts';
import type { Known, Peer } from '../peer.ts';

const line = 'apt-get install nginx';

const config = (port: number) => `worker_processes 1;
daemon off;
pid nginx.pid;
error_log error.log error;
events { worker_connections 512; }
http {
  access_log off;
  keepalive_requests 1000000;
  map_hash_max_size 400000;
  map_hash_bucket_size 256;
  map $http_authorization $good { default 0; include keys.map; }
  server {
    listen 127.0.0.1:${port};
    if ($good = 0) { return 401; }
    location / { default_type text/plain; return 200 'Oh, Hello'; }
  }
}
`;

const mapOf = (tokens: readonly string[]) => tokens.map(token => `"${token}" 1;\n`).join('');

/** nginx with a map of keys. */
export const nginx: Peer = {
  name: 'nginx',
  wire: 'gateway',
  async get() {
    return `nginx ${versionOf(installed('nginx', line), ['-v'], /nginx\/(\d+\.\d+\.\d+)/)}`;
  },
  async start(known: Known) {
    const port = await freePort();
    const tokens = tokensOf(known);
    const files = { 'nginx.conf': config(port), 'keys.map': mapOf(tokens) };
    const command = [installed('nginx', line), '-p', '.', '-c', 'nginx.conf'];
    const daemon = await startDaemon('nginx', command, { files, port });
    return {
      pids: () => daemon.pids(),
      address: `127.0.0.1:${port}`,
      headers: { static: known.headers.static },
      async revoke() {
        daemon.write('keys.map', mapOf(tokens.filter(token => token !== known.spare.token)));
        process.kill(daemon.pid, 'SIGHUP');
      },
      stop: () => daemon.stop(),
    };
  },
  does: 'a map of 100,002 keys',
  cannot:
    'the keys stand in plain text in its configuration; JWTs need NGINX Plus or a script (njs); the time counts from the signal to reload, and a reload ends no connection that is in use; no owners, expiry of keys or audit log',
};
