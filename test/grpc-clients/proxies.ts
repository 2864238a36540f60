/** Proxies that pass gRPC on to Usher, each with the few lines that this takes. */

import { connect } from 'node:http2';
import { freePort } from '../free-port.ts';
import { commandOf, startInFolder } from '../gateways/process.ts';

/** A proxy. */
interface Proxy {
  command(): string[];
  /** Its files, when it listens on `port` and Usher on `usher`, a port of this machine too. */
  files(port: number, usher: number): Record<string, string>;
}

/** An Envoy whose listener speaks what its client speaks, with these filters. */
function envoy(filters: readonly string[]): Proxy {
  return {
    command: commandOf.envoy,
    files: (port, usher) => ({
      'envoy.yaml': `
static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                '@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: grpc
                route_config:
                  virtual_hosts:
                    - name: usher
                      domains: ['*']
                      routes: [{ match: { prefix: / }, route: { cluster: usher, timeout: 0s } }]
                http_filters:${filters.map(filterOf).join('')}
  clusters:
    - name: usher
      type: STATIC
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          '@type': type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: { http2_protocol_options: {} }
      load_assignment:
        cluster_name: usher
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: 127.0.0.1, port_value: ${usher} } } }
`,
    }),
  };
}

function filterOf(filter: string): string {
  const type = { grpc_web: 'GrpcWeb', router: 'Router' }[filter];
  return `
                  - name: envoy.filters.http.${filter}
                    typed_config:
                      '@type': type.googleapis.com/envoy.extensions.filters.http.${filter}.v3.${type}`;
}

const nginx: Proxy = {
  command: commandOf.nginx,
  files: (port, usher) => ({
    'nginx.conf': `
daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  client_max_body_size 0;
  server {
    listen 127.0.0.1:${port} http2;
    location / {
      grpc_pass grpc://127.0.0.1:${usher};
      grpc_read_timeout 1h;
    }
  }
}
`,
  }),
};

const haproxy: Proxy = {
  command: commandOf.haproxy,
  files: (port, usher) => ({
    'haproxy.cfg': `
defaults
  mode http
  timeout connect 1s
  timeout client 1h
  timeout server 1h
frontend grpc
  bind 127.0.0.1:${port} proto h2
  default_backend usher
backend usher
  server usher 127.0.0.1:${usher} proto h2
`,
  }),
};

const traefik: Proxy = {
  command: commandOf.traefik,
  files: (port, usher) => ({
    'traefik.yaml': `
entryPoints: { grpc: { address: '127.0.0.1:${port}' } }
providers: { file: { filename: dynamic.yaml } }
`,
    'dynamic.yaml': `
http:
  routers: { usher: { rule: 'PathPrefix(\`/\`)', service: usher } }
  services: { usher: { loadBalancer: { servers: [{ url: 'h2c://127.0.0.1:${usher}' }] } } }
`,
  }),
};

/** The proxies, by what they are called in the table. */
export const proxies: Readonly<Record<string, Proxy>> = {
  Envoy: envoy(['router']),
  'nginx grpc_pass': nginx,
  HAProxy: haproxy,
  Traefik: traefik,
};

/** Envoy with its filter for gRPC-Web. */
export const webProxy = envoy(['grpc_web', 'router']);

/** Starts a proxy in front of Usher's gRPC listener, and waits until Usher answers through it. */
export async function startProxy(
  name: string,
  { command, files }: Proxy,
  usher: string,
): Promise<{ target: string; stop(): Promise<void> }> {
  const port = await freePort();
  const texts = files(port, Number(usher.split(':')[1]));
  const stop = await startInFolder(name.split(' ')[0] ?? '', command(), texts, () => answers(port));
  return { target: `127.0.0.1:${port}`, stop };
}

/** Whether Usher answers through it. */
function answers(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const session = connect(`http://127.0.0.1:${port}`);
    const end = (isReady: boolean) => {
      session.destroy();
      resolve(isReady);
    };
    session.on('error', () => end(false));
    const request = session.request({ ':path': '/readyz' });
    request.on('response', head => end(head[':status'] === 200));
    request.on('error', () => end(false));
  });
}
