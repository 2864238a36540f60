/**
 * The health checks of load balancers, as each sends them by default; where its documentation leaves
 * open what is sent, as its own release sent it (test/gateways/health-checks.test.ts has the real
 * ones). docs/running.md shows the same table.
 */

/** A listener of Usher. */
type ListenerName = 'http' | 'manager' | 'grpc';

/** A health check. */
export interface HealthCheck {
  balancer: string;
  /** What it is called there. */
  kind: string;
  /** What it sends if nothing is configured; a path that must be configured stands in "…". */
  sends: string;
  /** What counts as healthy by default. */
  passes: string;
  /** What has to be set for Usher. */
  set: string;
  listeners: readonly ListenerName[];
  /** The request as it is then sent to this address, and the least and greatest healthy status. */
  request:
    | { over: 'http/1'; bytes(address: string): string; healthy: readonly [number, number] }
    | { over: 'http/2'; headers: Record<string, string>; healthy: readonly [number, number] }
    | { over: 'grpc'; path: string; userAgent: string; healthy: 'SERVING' | number }
    | { over: 'tcp' };
}

const both = ['http', 'manager'] as const;
const allThree = ['http', 'manager', 'grpc'] as const;
const nothing = 'nothing';
const upTo399 = [200, 399] as const;
const only200 = [200, 200] as const;
const upTo299 = [200, 299] as const;

/** A request of HTTP/1 from its lines. */
const lines = (...all: string[]) => `${[...all, '', ''].join('\r\n')}`;
const go = (address: string) =>
  lines(
    'GET /readyz HTTP/1.1',
    `Host: ${address}`,
    'User-Agent: Go-http-client/1.1',
    'Accept-Encoding: gzip',
  );
const health = '/grpc.health.v1.Health/Check';
const goGrpc = (userAgent: string) =>
  ({ over: 'grpc', path: health, userAgent, healthy: 'SERVING' }) as const;
const serving = 'SERVING';
const http1 = (healthy: readonly [number, number], bytes: (address: string) => string) =>
  ({ over: 'http/1', bytes, healthy }) as const;

/** All health checks. */
export const healthChecks: readonly HealthCheck[] = [
  {
    balancer: 'HAProxy',
    kind: '`option httpchk`',
    sends: '`OPTIONS / HTTP/1.0`, without `Host`',
    passes: '200 to 399',
    set: nothing,
    listeners: both,
    request: http1(upTo399, () => lines('OPTIONS / HTTP/1.0')),
  },
  {
    balancer: 'HAProxy',
    kind: '`option httpchk GET …`',
    sends: '`GET … HTTP/1.0`, without `Host`',
    passes: '200 to 399',
    set: '`/readyz`',
    listeners: both,
    request: http1(upTo399, () => lines('GET /readyz HTTP/1.0')),
  },
  {
    balancer: 'HAProxy',
    kind: '`check-proto h2`',
    sends: '`OPTIONS /` over HTTP/2, without `:authority`',
    passes: '200 to 399',
    set: `${nothing}; \`option httpchk GET /readyz\` asks the same`,
    listeners: allThree,
    request: {
      over: 'http/2',
      headers: { ':method': 'OPTIONS', ':path': '/' },
      healthy: upTo399,
    },
  },
  {
    balancer: 'HAProxy',
    kind: '`check` alone',
    sends: 'a connection that is reset',
    passes: 'a connection',
    set: nothing,
    listeners: allThree,
    request: { over: 'tcp' },
  },
  {
    balancer: 'AWS Application Load Balancer',
    kind: 'HTTP',
    sends: '`GET / HTTP/1.1`, `User-Agent: ELB-HealthChecker/2.0`',
    passes: '200',
    set: 'the path `/readyz`',
    listeners: both,
    request: http1(only200, address =>
      lines(
        'GET /readyz HTTP/1.1',
        `Host: ${address}`,
        'Connection: close',
        'User-Agent: ELB-HealthChecker/2.0',
        'Accept-Encoding: gzip, compressed',
      ),
    ),
  },
  {
    balancer: 'AWS Application Load Balancer',
    kind: 'gRPC',
    sends: '`/AWS.ALB/healthcheck`',
    passes: 'gRPC status 12',
    set: `${nothing}; it says that the process answers`,
    listeners: ['grpc'],
    request: {
      over: 'grpc',
      path: '/AWS.ALB/healthcheck',
      userAgent: 'ELB-HealthChecker/2.0',
      healthy: 12,
    },
  },
  {
    balancer: 'AWS Network Load Balancer',
    kind: 'TCP',
    sends: 'a connection',
    passes: 'a connection',
    set: `${nothing}; HTTP with the path \`/readyz\` says more`,
    listeners: allThree,
    request: { over: 'tcp' },
  },
  {
    balancer: 'AWS Network Load Balancer',
    kind: 'HTTP',
    sends: "`GET / HTTP/1.1`, `Host` with the balancer's address",
    passes: '200 to 399',
    set: 'the path `/readyz`',
    listeners: both,
    request: http1(upTo399, () =>
      lines(
        'GET /readyz HTTP/1.1',
        'Host: 192.0.2.7:80',
        'Connection: close',
        'User-Agent: ELB-HealthChecker/2.0',
      ),
    ),
  },
  {
    balancer: 'Google Cloud',
    kind: 'HTTP',
    sends: "`GET / HTTP/1.1`, `Host` with the balancer's address, `User-Agent: GoogleHC/1.0`",
    passes: '200',
    set: '`--request-path=/readyz`',
    listeners: both,
    request: http1(only200, () =>
      lines(
        'GET /readyz HTTP/1.1',
        'Host: 192.0.2.7',
        'User-Agent: GoogleHC/1.0',
        'Connection: Keep-alive',
      ),
    ),
  },
  {
    balancer: 'Google Cloud',
    kind: 'gRPC',
    sends: `\`${health}\` of the service \`""\``,
    passes: serving,
    set: nothing,
    listeners: allThree,
    request: goGrpc('GoogleHC/1.0'),
  },
  {
    balancer: 'Kubernetes',
    kind: '`httpGet`',
    sends: '`GET … HTTP/1.1`, `User-Agent: kube-probe/1.34`',
    passes: '200 to 399',
    set: '`path: /readyz`, for liveness `path: /healthz`',
    listeners: both,
    request: http1(upTo399, address =>
      lines(
        'GET /readyz HTTP/1.1',
        `Host: ${address}`,
        'User-Agent: kube-probe/1.34',
        'Accept: */*',
        'Connection: close',
      ),
    ),
  },
  {
    balancer: 'Kubernetes',
    kind: '`grpc`',
    sends: `\`${health}\` of the service \`""\``,
    passes: serving,
    set: `${nothing}, for liveness \`service: liveness\``,
    listeners: allThree,
    request: goGrpc('kube-probe/1.34 grpc-go/1.72.1'),
  },
  {
    balancer: 'Consul',
    kind: '`http`',
    sends: '`GET … HTTP/1.1`, `User-Agent: Consul Health Check`',
    passes: '200 to 299',
    set: 'the path `/readyz`',
    listeners: both,
    request: http1(upTo299, address =>
      lines(
        'GET /readyz HTTP/1.1',
        `Host: ${address}`,
        'User-Agent: Consul Health Check',
        'Accept: text/plain, text/*, */*',
        'Accept-Encoding: gzip',
        'Connection: close',
      ),
    ),
  },
  {
    balancer: 'Consul',
    kind: '`grpc`',
    sends: `\`${health}\` of the service \`""\``,
    passes: serving,
    set: nothing,
    listeners: allThree,
    request: goGrpc('grpc-go/1.72.1'),
  },
  {
    balancer: 'nginx Plus',
    kind: '`health_check`',
    sends: '`GET / HTTP/1.0`, `Host` with the name of the upstream',
    passes: '200 to 399',
    set: '`uri=/readyz`; nginx itself has no such check',
    listeners: both,
    request: http1(upTo399, () =>
      lines('GET /readyz HTTP/1.0', 'Host: my_upstream', 'Connection: close'),
    ),
  },
  {
    balancer: 'Traefik',
    kind: '`healthCheck`',
    sends: '`GET … HTTP/1.1`, `User-Agent: Go-http-client/1.1`',
    passes: '200 to 399',
    set: '`path: /readyz`',
    listeners: both,
    request: http1(upTo399, go),
  },
  {
    balancer: 'Traefik',
    kind: '`healthCheck` with `mode: grpc`',
    sends: `\`${health}\` of the service \`""\``,
    passes: serving,
    set: nothing,
    listeners: allThree,
    request: goGrpc('grpc-go/1.79.3'),
  },
  {
    balancer: 'Caddy',
    kind: '`health_uri`',
    sends: '`GET … HTTP/1.1`, `User-Agent: Go-http-client/1.1`',
    passes: '200 to 299',
    set: '`/readyz`',
    listeners: both,
    request: http1(upTo299, go),
  },
  {
    balancer: 'Caddy',
    kind: '`health_uri`, with `h2c://`',
    sends: '`GET …` over HTTP/2, `User-Agent: Go-http-client/2.0`',
    passes: '200 to 299',
    set: '`/readyz`',
    listeners: allThree,
    request: {
      over: 'http/2',
      headers: {
        ':method': 'GET',
        ':path': '/readyz',
        'accept-encoding': 'gzip',
        'user-agent': 'Go-http-client/2.0',
      },
      healthy: upTo299,
    },
  },
  {
    balancer: 'Envoy',
    kind: '`http_health_check`',
    sends: '`GET … HTTP/1.1`, `Host` with the name of the cluster, `User-Agent: Envoy/HC`',
    passes: '200',
    set: '`path: /readyz`',
    listeners: both,
    request: http1(only200, () =>
      lines('GET /readyz HTTP/1.1', 'host: usher_cluster', 'user-agent: Envoy/HC'),
    ),
  },
  {
    balancer: 'Envoy',
    kind: '`http_health_check` with `HTTP2`',
    sends: '`GET …` over HTTP/2, `User-Agent: Envoy/HC`',
    passes: '200',
    set: '`path: /readyz`',
    listeners: allThree,
    request: {
      over: 'http/2',
      headers: {
        ':method': 'GET',
        ':path': '/readyz',
        ':authority': 'usher_cluster',
        'user-agent': 'Envoy/HC',
      },
      healthy: only200,
    },
  },
  {
    balancer: 'Envoy',
    kind: '`grpc_health_check`',
    sends: `\`${health}\` of the service \`""\`, \`User-Agent: Envoy/HC\``,
    passes: serving,
    set: nothing,
    listeners: allThree,
    request: goGrpc('Envoy/HC'),
  },
];

const listenerTexts = { http: 'HTTP', manager: 'API Manager', grpc: 'gRPC' } as const;

/** The table of docs/running.md. */
export function healthChecksTable(): string {
  const rows = healthChecks.map(({ balancer, kind, listeners, sends, passes, set }) => {
    const where = listeners.map(name => listenerTexts[name]).join(', ');
    return `| ${balancer}: ${kind} | ${where} | ${sends} | ${passes} | ${set} |`;
  });
  const head =
    '| check | listeners | what it sends by default | healthy by default | what to set |';
  return [head, '|---|---|---|---|---|', ...rows].join('\n');
}
