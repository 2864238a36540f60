import { freePort } from '../../processes.ts';
import { startDaemon } from '../daemon.ts';
import { goInstalled, versionOf } from '../get.ts';
import { digest, tokensOf } from '../keys.ts';
import type { Peer } from '../peer.ts';

const program = 'opa-envoy-plugin';
const module = 'github.com/open-policy-agent/opa-envoy-plugin/cmd/opa-envoy-plugin@v1.19.1-envoy';

const policy = `package envoy.authz

default allow := false

header := input.attributes.request.http.headers.authorization

allow if data.keys[crypto.sha256(header)]

allow if {
  startswith(header, "Bearer ")
  constraints := {"secret": data.secret, "alg": "HS256", "aud": "shop"}
  io.jwt.decode_verify(substring(header, 7, -1), constraints)[0]
}
`;

const config = (port: number) => `plugins:
  envoy_ext_authz_grpc:
    addr: 127.0.0.1:${port}
    path: envoy/authz/allow
caching:
  inter_query_builtin_value_cache:
    named:
      io_jwt: {max_num_entries: 10000}
`;

/** The Open Policy Agent with its plugin for Envoy. */
export const opaEnvoy: Peer = {
  name: 'opa-envoy',
  wire: 'check',
  async get() {
    const path = await goInstalled(program, module);
    return `OPA-Envoy ${versionOf(path, ['version'], /Version: (\S+)/)}`;
  },
  async start(known) {
    const [port, rest] = [await freePort(), await freePort()];
    const keys = Object.fromEntries(tokensOf(known).map(token => [digest(token), true]));
    const daemon = await startDaemon(
      'opa-envoy',
      [
        await goInstalled(program, module),
        ...['run', '--server', '--addr', `127.0.0.1:${rest}`, '--config-file', 'config.yaml'],
        ...['--disable-telemetry', '--log-level', 'error', 'policy.rego', 'data.json'],
      ],
      {
        files: {
          'config.yaml': config(port),
          'policy.rego': policy,
          'data.json': JSON.stringify({ keys, secret: known.jwt.secret }),
        },
        port,
      },
    );
    return {
      pids: () => daemon.pids(),
      address: `127.0.0.1:${port}`,
      headers: known.headers,
      async revoke() {
        const url = `http://127.0.0.1:${rest}/v1/data/keys/${digest(known.spare.token)}`;
        const answer = await fetch(url, { method: 'DELETE' });
        if (!answer.ok) throw new Error(`OPA: ${answer.status} ${await answer.text()}`);
      },
      stop: () => daemon.stop(),
    };
  },
  does: 'a policy in Rego: SHA-256 in a document of 100,002 digests; `io.jwt.decode_verify` with its cache',
  cannot:
    'a token is revoked by a change of the data of one process, here through its API; bundles are polled, 60 to 120 s by default',
};
