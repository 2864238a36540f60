import { once } from 'node:events';
import { createServer } from 'node:http';
import { freePort } from '../../processes.ts';
import { startDaemon } from '../daemon.ts';
import { goInstalled, versionOf } from '../get.ts';
import { es256 } from '../keys.ts';
import type { Peer } from '../peer.ts';

const program = 'heimdall';
const module = 'github.com/dadrus/heimdall@v0.17.18';
const issuer = 'https://issuer.example';

const config = (port: number, management: number, keys: number) => `log: {level: error}
tracing: {enabled: false}
metrics: {enabled: false}
serve:
  host: 127.0.0.1
  port: ${port}
management: {host: 127.0.0.1, port: ${management}}
mechanisms:
  authenticators:
    - id: jwt
      type: jwt
      config:
        jwks_endpoint: {url: 'http://127.0.0.1:${keys}/'}
        jwt_source: [{header: Authorization, scheme: Bearer}]
        assertions: {issuers: ['${issuer}'], audience: [shop], allowed_algorithms: [ES256]}
  authorizers: [{id: allow, type: allow}]
  finalizers: [{id: noop, type: noop}]
providers:
  file_system: {src: rules.yaml}
`;

const rules = `version: '1alpha4'
name: bench
rules:
  - id: all
    match: {routes: [{path: /}, {path: /**}]}
    execute: [{authenticator: jwt}, {authorizer: allow}, {finalizer: noop}]
`;

/** heimdall as a decision service. */
export const heimdall: Peer = {
  name: 'heimdall',
  wire: 'http',
  async get() {
    const path = await goInstalled(program, module);
    // Only its releases print their version.
    return `heimdall ${versionOf('go', ['version', '-m', path], /\tmod\t\S+\t(\S+)/)}`;
  },
  async start() {
    const { header, keySet } = await es256(issuer);
    const keys = createServer((_, answer) => {
      answer.setHeader('content-type', 'application/json');
      answer.end(JSON.stringify(keySet));
    }).listen(0, '127.0.0.1');
    await once(keys, 'listening');
    const [port, management] = [await freePort(), await freePort()];
    const { port: keysPort } = keys.address() as { port: number };
    const files = { 'config.yaml': config(port, management, keysPort), 'rules.yaml': rules };
    const command = [await goInstalled(program, module)];
    command.push('serve', 'decision', '--config', 'config.yaml', '--insecure');
    const daemon = await startDaemon('heimdall', command, { files, port });
    return {
      pids: () => daemon.pids(),
      address: `127.0.0.1:${port}`,
      headers: { jwt: header },
      async stop() {
        await daemon.stop();
        keys.close();
      },
    };
  },
  does: 'the decision service: its JWT authenticator with ES256, since it takes keys from a JWKS endpoint; the key is cached, the signature is checked each time',
  cannot:
    'no API keys of its own (it asks another service), and a JWT cannot be revoked before it expires',
};
