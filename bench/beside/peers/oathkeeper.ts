import { freePort } from '../../processes.ts';
import { startDaemon } from '../daemon.ts';
import { foundHere, installed, versionOf } from '../get.ts';
import { keySetOf } from '../keys.ts';
import type { Peer } from '../peer.ts';

/** Its go.mod has `replace`, with which `go install` builds no version of it. */
const line =
  'no version of it builds by `go install`, since its go.mod has `replace`; put a release of it on the PATH';

const config = (ports: { api: number; proxy: number; metrics: number }) => `log: {level: error}
serve:
  api: {host: 127.0.0.1, port: ${ports.api}}
  proxy: {host: 127.0.0.1, port: ${ports.proxy}}
  prometheus: {host: 127.0.0.1, port: ${ports.metrics}}
access_rules: {repositories: ['file://./rules.json']}
authenticators:
  jwt:
    enabled: true
    config: {jwks_urls: ['file://./keys.json'], target_audience: [shop], allowed_algorithms: [HS256]}
authorizers: {allow: {enabled: true}}
mutators: {noop: {enabled: true}}
errors: {fallback: [json], handlers: {json: {enabled: true, config: {verbose: false}}}}
`;

const rules = [
  {
    id: 'all',
    match: { url: '<https?>://<.*>/<.*>', methods: ['GET'] },
    authenticators: [{ handler: 'jwt' }],
    authorizer: { handler: 'allow' },
    mutators: [{ handler: 'noop' }],
  },
];

/** Ory Oathkeeper's decision API. */
export const oathkeeper: Peer = {
  name: 'oathkeeper',
  wire: 'http',
  async get() {
    const path = installed('oathkeeper', line);
    foundHere.add('oathkeeper');
    return `Ory Oathkeeper ${versionOf(path, ['version'], /Version:\s+(\S+)/)}`;
  },
  async start(known) {
    const ports = { api: await freePort(), proxy: await freePort(), metrics: await freePort() };
    const files = {
      'config.yaml': config(ports),
      'rules.json': JSON.stringify(rules),
      'keys.json': JSON.stringify(keySetOf(known)),
    };
    const command = [installed('oathkeeper', line), 'serve', '--config', 'config.yaml'];
    const daemon = await startDaemon('oathkeeper', command, { files, port: ports.api });
    return {
      pids: () => daemon.pids(),
      address: `127.0.0.1:${ports.api}`,
      path: '/decisions/',
      headers: { jwt: known.headers.jwt },
      stop: () => daemon.stop(),
    };
  },
  does: 'the decision API: its JWT authenticator with HS256, and the signature is checked each time',
  cannot:
    'no API keys of its own (it asks another service), and a JWT cannot be revoked before it expires',
};
