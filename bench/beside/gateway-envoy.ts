/** What both configurations of Envoy share: one listener, filters, and an answer of Envoy's own. */

import { freePort } from '../processes.ts';
import { type Daemon, startDaemon } from './daemon.ts';
import { installed, versionOf } from './get.ts';

const line = 'sh scripts/setup-gateways.sh --yes (or put envoy on the PATH)';

/** Envoy's version. */
export function envoyVersion(): string {
  return `Envoy ${versionOf(envoyPath(), ['--version'], /\/(\d+\.\d+\.\d+)\//)}`;
}

const envoyPath = () => installed('envoy', line);

/** An HTTP filter, as Envoy's configuration has it. */
export type Filter = Readonly<Record<string, unknown>>;

/** Starts Envoy with filters before an answer of its own. `routes` is the file of its routes. */
export async function startEnvoy(
  filters: readonly Filter[],
  routes: object,
  clusters: readonly object[] = [],
): Promise<Daemon & { port: number }> {
  const port = await freePort();
  const config = (folder: string) => ({
    node: { id: 'bench', cluster: 'bench' },
    static_resources: { listeners: [listenerOf(port, filters, folder)], clusters },
  });
  const command = [envoyPath(), '-c', 'envoy.json', '--concurrency', '1'];
  command.push('--disable-hot-restart', '-l', 'error');
  const files = (folder: string) => ({
    'envoy.json': JSON.stringify(config(folder)),
    'routes.json': JSON.stringify(routes),
  });
  return { ...(await startDaemon('envoy', command, { files, port })), port };
}

function listenerOf(port: number, filters: readonly Filter[], folder: string): object {
  const router = { '@type': type('filters.http.router.v3.Router') };
  const manager = {
    '@type': type('filters.network.http_connection_manager.v3.HttpConnectionManager'),
    stat_prefix: 'bench',
    generate_request_id: false,
    http_filters: [...filters, { name: 'envoy.filters.http.router', typed_config: router }],
    rds: {
      route_config_name: 'bench',
      config_source: { path_config_source: { path: `${folder}/routes.json` } },
    },
  };
  const filter = { name: 'envoy.filters.network.http_connection_manager', typed_config: manager };
  return { name: 'bench', address: address(port), filter_chains: [{ filters: [filter] }] };
}

/** The file of routes: every path is answered by Envoy. */
export function routesOf(perRoute: Readonly<Record<string, object>> = {}): object {
  const route = {
    match: { prefix: '/' },
    direct_response: { status: 200, body: { inline_string: 'Oh, Hello' } },
    typed_per_filter_config: perRoute,
  };
  return {
    resources: [
      {
        '@type': 'type.googleapis.com/envoy.config.route.v3.RouteConfiguration',
        name: 'bench',
        virtual_hosts: [{ name: 'bench', domains: ['*'], routes: [route] }],
      },
    ],
  };
}

/** The type of an extension of Envoy. */
export function type(extension: string): string {
  return `type.googleapis.com/envoy.extensions.${extension}`;
}

/** A port of this machine. */
export function address(port: number): object {
  return { socket_address: { address: '127.0.0.1', port_value: port } };
}
