/**
 * Load balancers with Usher behind them, and their own default health checks on each listener. Only
 * the path of a check is configured, where the balancer has none of its own.
 */

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { commandOf } from './process.ts';

/** The places that a balancer checks, by name, as "host:port". */
type Checked = Readonly<Record<string, string>>;

/** A balancer with its health checks. */
interface Balancer {
  /** The listener behind each check that it makes. */
  checks: Readonly<Record<string, 'http' | 'grpc' | 'manager'>>;
  command(): string[];
  /** The files of a balancer that listens on `port`; `own` is a second port, for its state. */
  files(checked: Checked, port: number, own: number): Record<string, string>;
  /** The checks that it counts as passed, by name. */
  passed(own: number, folder: string): Promise<string[]>;
}

/** HAProxy, also where no path, method or version is configured: `OPTIONS /` in HTTP/1.0. */
const haproxy: Balancer = {
  checks: {
    http_default: 'http',
    http_readyz: 'http',
    http_host: 'http',
    http_tcp: 'http',
    manager_default: 'manager',
    manager_readyz: 'manager',
    grpc_tcp: 'grpc',
    grpc_default: 'grpc',
    grpc_readyz: 'grpc',
  },
  command: commandOf.haproxy,
  files: (checked, port) => ({
    'haproxy.cfg': `
global
  stats socket unix@state.sock
  tune.bufsize 65536
defaults
  mode http
  timeout connect 1s
  timeout client 10s
  timeout server 10s
  timeout check 2s
frontend web
  bind 127.0.0.1:${port}
  default_backend http_default
${Object.entries(checked)
  .map(([name, address]) => haproxyBackend(name, address))
  .join('\n')}
`,
  }),
  async passed(_own, folder) {
    const socket = connect(`${folder}/state.sock`);
    socket.end('show stat\n');
    const [head = '', ...lines] = (await text(socket)).trim().split('\n');
    const columns = head.replace('# ', '').split(',');
    const rows = lines.map(line => {
      const values = line.split(',');
      return Object.fromEntries(columns.map((column, at) => [column, values[at] ?? '']));
    });
    const up = rows.filter(row => row.svname === 'usher' && row.status === 'UP');
    return up.filter(row => /^L[47]OK$/.test(row.check_status ?? '')).map(row => row.pxname ?? '');
  },
};

function haproxyBackend(name: string, address: string): string {
  const [, kind = ''] = name.split('_');
  const options: Record<string, string> = {
    default: 'option httpchk',
    readyz: 'option httpchk GET /readyz',
    host: 'option httpchk\n  http-check send meth GET uri /readyz ver HTTP/1.1 hdr Host usher',
    tcp: '',
  };
  const isHttp2 = name.startsWith('grpc');
  const protocols = isHttp2 ? ` proto h2${kind === 'tcp' ? '' : ' check-proto h2'}` : '';
  return `backend ${name}
  ${options[kind]}
  server usher ${address} check inter 300${protocols}`;
}

/** Envoy over HTTP/1, over HTTP/2, and by gRPC's health service. */
const envoy: Balancer = {
  checks: {
    http: 'http',
    manager: 'manager',
    grpc_http2: 'grpc',
    grpc_health: 'grpc',
    grpc_service: 'grpc',
  },
  command: commandOf.envoy,
  files: (checked, port, own) => ({
    'envoy.yaml': `
admin: { address: { socket_address: { address: 127.0.0.1, port_value: ${own} } } }
static_resources:
  listeners:
    - address: { socket_address: { address: 127.0.0.1, port_value: ${port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                '@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: web
                route_config:
                  virtual_hosts:
                    - name: usher
                      domains: ['*']
                      routes: [{ match: { prefix: / }, route: { cluster: http } }]
                http_filters:
                  - name: envoy.filters.http.router
                    typed_config:
                      '@type': type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
${Object.entries(checked)
  .map(([name, address]) => envoyCluster(name, address))
  .join('\n')}
`,
  }),
  async passed(own) {
    const response = await fetch(`http://127.0.0.1:${own}/stats?filter=health_check.success`);
    const counts = (await response.text()).matchAll(/^cluster\.(\w+)\.\S+: (\d+)$/gm);
    return [...counts].filter(([, , count]) => Number(count) > 0).map(([, name = '']) => name);
  },
};

function envoyCluster(name: string, address: string): string {
  const [host, port] = address.split(':');
  const check = {
    http: 'http_health_check: { path: /readyz }',
    manager: 'http_health_check: { path: /readyz }',
    grpc_http2: 'http_health_check: { path: /readyz, codec_client_type: HTTP2 }',
    grpc_health: 'grpc_health_check: {}',
    grpc_service: 'grpc_health_check: { service_name: usher.v1.VerifierService }',
  }[name];
  const http2 = `
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          '@type': type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config: { http2_protocol_options: {} }`;
  return `    - name: ${name}
      connect_timeout: 1s${name.startsWith('grpc') ? http2 : ''}
      load_assignment:
        cluster_name: ${name}
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: ${host}, port_value: ${port} } } }
      health_checks:
        - { timeout: 2s, interval: 0.3s, healthy_threshold: 1, unhealthy_threshold: 1, ${check} }`;
}

/** Traefik over HTTP/1, and by gRPC's health service. */
const traefik: Balancer = {
  checks: { http: 'http', manager: 'manager', grpc: 'grpc' },
  command: commandOf.traefik,
  files: (checked, port, own) => ({
    'traefik.yaml': `
global: { checkNewVersion: false, sendAnonymousUsage: false }
api: { insecure: true }
entryPoints:
  web: { address: '127.0.0.1:${port}' }
  traefik: { address: '127.0.0.1:${own}' }
providers: { file: { filename: usher.yaml } }
`,
    'usher.yaml': `
http:
  routers:
    # Traefik checks only services that a router uses.
${Object.keys(checked)
  .map(
    name => `    ${name}: { rule: '${traefikRule(name)}', service: ${name}, entryPoints: [web] }`,
  )
  .join('\n')}
  services:
${Object.entries(checked)
  .map(
    ([name, address]) => `    ${name}:
      loadBalancer:
        servers: [{ url: '${name === 'grpc' ? 'h2c' : 'http'}://${address}' }]
        healthCheck: { ${name === 'grpc' ? 'mode: grpc' : 'path: /readyz'}, interval: 300ms }`,
  )
  .join('\n')}
`,
  }),
  async passed(own) {
    const response = await fetch(`http://127.0.0.1:${own}/api/http/services`);
    const services = (await response.json()) as {
      name: string;
      serverStatus?: Record<string, string>;
    }[];
    return services
      .filter(({ serverStatus = {} }) => Object.values(serverStatus).every(each => each === 'UP'))
      .map(({ name }) => name.replace('@file', ''));
  },
};

function traefikRule(name: string): string {
  return name === 'http' ? 'PathPrefix(`/`)' : `Host(\`${name}.example\`)`;
}

/** Caddy over HTTP/1 and HTTP/2. It tells no state: a check that fails makes it answer 503. */
const caddy: Balancer = {
  checks: { http: 'http', manager: 'manager', grpc: 'grpc' },
  command: commandOf.caddy,
  files: (checked, port, own) => ({
    Caddyfile: `
{
	admin off
	auto_https off
	persist_config off
	servers {
		max_header_size 64KB
	}
}
http://:${port} {
	bind 127.0.0.1
	reverse_proxy ${checked.http} {
		health_uri /readyz
		health_interval 300ms
	}
}
http://:${own} {
	bind 127.0.0.1
${['http', 'manager', 'grpc']
  .map(
    name => `	handle_path /${name}/* {
		reverse_proxy ${name === 'grpc' ? 'h2c://' : ''}${checked[name]} {
			health_uri /readyz
			health_interval 300ms
		}
	}`,
  )
  .join('\n')}
}
`,
  }),
  async passed(own) {
    const names = ['http', 'manager', 'grpc'];
    const statuses = await Promise.all(
      names.map(async name => (await fetch(`http://127.0.0.1:${own}/${name}/readyz`)).status),
    );
    return names.filter((_, at) => statuses[at] === 200);
  },
};

/** nginx checks nothing by itself (nginx Plus does): it passes requests on as HTTP/1.0. */
const nginx: Balancer = {
  checks: { http: 'http' },
  command: commandOf.nginx,
  files: (checked, port) => ({
    'nginx.conf': `
daemon off;
pid nginx.pid;
error_log stderr;
events {}
http {
  access_log off;
  upstream usher { server ${checked.http}; }
  server {
    listen 127.0.0.1:${port};
    location / { proxy_pass http://usher; }
  }
}
`,
  }),
  passed: async () => ['http'],
};

/** All balancers. */
export const balancers = { haproxy, envoy, traefik, caddy, nginx } as const;
