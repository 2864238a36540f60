/** Snippets for gateways: configuration with which they ask this server about each request. */

import type { Filling, Snippet } from './snippet.ts';

/** The snippets for Envoy and nginx. */
export function gatewaySnippets({ http, grpc }: Filling): Snippet[] {
  const { host, port } = splitAddress(grpc);
  return [
    {
      id: 'envoy',
      title: 'Envoy',
      language: 'yaml',
      note: 'An HTTP filter and its cluster. Without an answer, Envoy refuses the request.',
      code: `http_filters:
  - name: envoy.filters.http.ext_authz
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
      transport_api_version: V3
      failure_mode_allow: false
      status_on_error: { code: ServiceUnavailable }
      grpc_service:
        envoy_grpc: { cluster_name: usher }
        timeout: 0.25s
        # Where Usher asks who asks: a token of this gateway's own, with the scope usher.verify.
        # initial_metadata: [{ key: x-usher-caller, value: "…" }]
  - name: envoy.filters.http.router
    typed_config:
      "@type": type.googleapis.com/envoy.extensions.filters.http.router.v3.Router

clusters:
  - name: usher
    type: STRICT_DNS
    connect_timeout: 1s
    typed_extension_protocol_options:
      envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
        "@type": type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
        explicit_http_config: { http2_protocol_options: {} }
    load_assignment:
      cluster_name: usher
      endpoints:
        - lb_endpoints:
            - endpoint:
                address:
                  socket_address: { address: ${host}, port_value: ${port} }
`,
    },
    {
      id: 'nginx',
      title: 'nginx',
      language: 'nginx',
      note: 'Asks about each request to /api/. Without an answer, nginx refuses the request.',
      code: `location /api/ {
  auth_request /_usher;
  proxy_pass http://your_service;
}

location = /_usher {
  internal;
  proxy_pass ${http}/forward-auth;
  proxy_pass_request_body off;
  proxy_set_header Content-Length "";
  # Never the client's. Where Usher asks who asks: a token of this gateway's own, with the scope usher.verify.
  proxy_set_header X-Usher-Caller "";
  proxy_set_header X-Original-URI $request_uri;
  proxy_set_header X-Original-Method $request_method;
}
`,
    },
  ];
}

function splitAddress(address: string): { host: string; port: string } {
  const colon = address.lastIndexOf(':');
  return { host: address.slice(0, colon), port: address.slice(colon + 1) };
}
