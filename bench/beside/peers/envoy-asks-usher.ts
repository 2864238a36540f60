import { address, envoyVersion, routesOf, startEnvoy, type } from '../gateway-envoy.ts';
import type { Peer } from '../peer.ts';

const http2 = {
  'envoy.extensions.upstreams.http.v3.HttpProtocolOptions': {
    '@type': type('upstreams.http.v3.HttpProtocolOptions'),
    explicit_http_config: { http2_protocol_options: {} },
  },
};

/** Envoy that asks Usher about each request. */
export const envoyAsksUsher: Peer = {
  name: 'envoy-asks-usher',
  wire: 'gateway',
  get: async () => `${envoyVersion()}, ext_authz, and the Usher that it asks`,
  async start({ headers, usher, revoke }) {
    const service = { envoy_grpc: { cluster_name: 'usher' }, timeout: '1s' };
    const filter = {
      name: 'envoy.filters.http.ext_authz',
      typed_config: {
        '@type': type('filters.http.ext_authz.v3.ExtAuthz'),
        grpc_service: service,
        transport_api_version: 'V3',
      },
    };
    const endpoint = { endpoint: { address: address(Number(usher.grpc.split(':')[1])) } };
    const cluster = {
      name: 'usher',
      type: 'STATIC',
      typed_extension_protocol_options: http2,
      load_assignment: { cluster_name: 'usher', endpoints: [{ lb_endpoints: [endpoint] }] },
    };
    const envoy = await startEnvoy([filter], routesOf(), [cluster]);
    return {
      pids: () => [...envoy.pids(), usher.pid],
      address: `127.0.0.1:${envoy.port}`,
      headers,
      revoke,
      stop: () => envoy.stop(),
    };
  },
  does: 'one gRPC call to Usher for each request; both programs share one core, and both count',
  cannot: '',
};
