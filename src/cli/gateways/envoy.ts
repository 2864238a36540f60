/** The configurations for Envoy, which use its ext_authz filter over gRPC or HTTP. */

import {
  callerHeader,
  type GatewayConfig,
  type GatewaySettings,
  type GatewayTls,
  hostAndPort,
  rateLimitHeaders,
  reservedHeaders,
} from './gateway.ts';

/** Makes envoy.yaml for ext_authz over gRPC. */
export const envoy: GatewayConfig = settings => ({
  'envoy.yaml': envoyYaml(settings, {
    vhost: `
                      typed_per_filter_config:
                        envoy.filters.http.ext_authz:
                          '@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthzPerRoute
                          check_settings:
                            # Requirements besides a valid token; a route can have its own.
                            context_extensions:
                              scopes: ${quoted(settings.scopes.join(' '))}
                              audience: ${quoted(settings.audience)}
                              # Hides the token from the upstream; "keep" passes it on.
                              credential: remove`,
    service: `transport_api_version: V3
                    # Usher needs nothing else of a request.
                    allowed_headers:
                      patterns: [{ exact: authorization }, { exact: x-forwarded-for }]
                    grpc_service:
                      envoy_grpc: { cluster_name: usher }
                      timeout: 0.2s`,
    cluster: usherCluster(settings.grpc, true, settings),
  }),
});

/** Makes envoy.yaml for ext_authz over HTTP. */
export const envoyHttp: GatewayConfig = settings => ({
  'envoy.yaml': envoyYaml(settings, {
    vhost: '',
    service: `allowed_headers:
                      patterns: [{ exact: authorization }, { exact: x-forwarded-for }]
                    http_service:
                      path_prefix: /ext-authz
                      server_uri: { uri: ${quoted(`${settings.tls ? 'https' : 'http'}://${settings.http}`)}, cluster: usher, timeout: 0.2s }
                      authorization_request:
                        # Requirements besides a valid token.
                        headers_to_add:
                          - { key: x-usher-required-scopes, value: ${quoted(escaped(settings.scopes.join(' ')))} }
                          - { key: x-usher-audience, value: ${quoted(escaped(settings.audience))} }
                          # Hides the token from the upstream; "keep" passes it on.
                          - { key: x-usher-credential, value: remove }
                      authorization_response:
                        allowed_upstream_headers:
                          patterns: [{ prefix: x-usher- }]
                        allowed_client_headers:
                          patterns:
                            - { exact: content-type }
                            - { exact: cache-control }
                            - { exact: retry-after }
${rateLimits}
                        # What a token with limits has left, beside the service's answer.
                        allowed_client_headers_on_success:
                          patterns:
${rateLimits}`,
    cluster: usherCluster(settings.http, false, settings),
  }),
});

const rateLimits = rateLimitHeaders
  .map(name => `                            - { exact: ${name.toLowerCase()} }`)
  .join('\n');

const removals = reservedHeaders
  .map(name => `                        - { remove: ${name.toLowerCase()} }`)
  .join('\n');

/** A JSON string is a YAML string. */
const quoted = (text: string) => JSON.stringify(text);
/** Escapes "%", which begins a variable in Envoy's header values. */
const escaped = (text: string) => text.replaceAll('%', '%%');

interface Parts {
  vhost: string;
  service: string;
  cluster: string;
}

function envoyYaml(settings: GatewaySettings, { vhost, service, cluster }: Parts): string {
  const listen = hostAndPort(settings.listen);
  return `# Run it with: envoy -c envoy.yaml
static_resources:
  listeners:
    - name: web
      address: { socket_address: { address: ${quoted(listen.host)}, port_value: ${listen.port} } }
      filter_chains:
        - filters:
            - name: envoy.filters.network.http_connection_manager
              typed_config:
                '@type': type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager
                stat_prefix: web
                # Adds the client's address to X-Forwarded-For, before Usher is asked.
                use_remote_address: true
                # The upstream must see the same path and headers that Usher judged.
                normalize_path: true
                merge_slashes: true
                path_with_escaped_slashes_action: REJECT_REQUEST
                common_http_protocol_options: { headers_with_underscores_action: REJECT_REQUEST }
                # Removes headers of Usher that the client sent, also where an error lets a request pass.
                early_header_mutation_extensions:
                  - name: envoy.http.early_header_mutation.header_mutation
                    typed_config:
                      '@type': type.googleapis.com/envoy.extensions.http.early_header_mutation.header_mutation.v3.HeaderMutation
                      mutations:
${removals}
                route_config:
                  virtual_hosts:
                    - name: app
                      domains: ['*']${vhost}
                      routes:
                        - { match: { prefix: / }, route: { cluster: app } }
                http_filters:
                - name: envoy.filters.http.ext_authz
                  typed_config:
                    '@type': type.googleapis.com/envoy.extensions.filters.http.ext_authz.v3.ExtAuthz
                    ${service}
                    # Without a verdict in time the request is refused; true lets it pass.
                    failure_mode_allow: false
                    status_on_error: { code: ServiceUnavailable }
                    validate_mutations: true
                - name: envoy.filters.http.router
                  typed_config:
                    '@type': type.googleapis.com/envoy.extensions.filters.http.router.v3.Router
  clusters:
${cluster}
${clusterYaml('app', settings.upstream)}
${settings.callerToken ? secretYaml(settings.callerToken) : ''}`;
}

function clusterYaml(name: string, address: string, options = ''): string {
  const { host, port } = hostAndPort(address);
  return `    - name: ${name}
      type: STRICT_DNS
      connect_timeout: 1s${options}
      load_assignment:
        cluster_name: ${name}
        endpoints:
          - lb_endpoints:
              - endpoint: { address: { socket_address: { address: ${quoted(host)}, port_value: ${port} } } }`;
}

function usherCluster(
  address: string,
  http2: boolean,
  { tls, callerToken }: GatewaySettings,
): string {
  const protocol = http2
    ? 'http2_protocol_options: { connection_keepalive: { interval: 30s, timeout: 5s } }'
    : 'http_protocol_options: {}';
  const options =
    http2 || callerToken
      ? `
      typed_extension_protocol_options:
        envoy.extensions.upstreams.http.v3.HttpProtocolOptions:
          '@type': type.googleapis.com/envoy.extensions.upstreams.http.v3.HttpProtocolOptions
          explicit_http_config:
            ${protocol}${callerToken ? callerFilter : ''}`
      : '';
  return clusterYaml('usher', address, options + (tls ? tlsYaml(tls, http2) : ''));
}

function tlsYaml({ name, ca, own }: GatewayTls, http2: boolean): string {
  const pair = own
    ? `
            tls_certificates:
              - { certificate_chain: { filename: ${quoted(own.cert)} }, private_key: { filename: ${quoted(own.key)} } }`
    : '';
  return `
      transport_socket:
        name: envoy.transport_sockets.tls
        typed_config:
          '@type': type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.UpstreamTlsContext
          sni: ${quoted(name)}
          common_tls_context:
            alpn_protocols: [${http2 ? 'h2' : 'http/1.1'}]
            validation_context:
              trusted_ca: { filename: ${quoted(ca)} }
              match_typed_subject_alt_names: [{ san_type: DNS, matcher: { exact: ${quoted(name)} } }]${pair}`;
}

/** Adds the header to each question, out of a secret, whose value Envoy never shows. */
const callerFilter = `
          http_filters:
            - name: envoy.filters.http.credential_injector
              typed_config:
                '@type': type.googleapis.com/envoy.extensions.filters.http.credential_injector.v3.CredentialInjector
                overwrite: true
                credential:
                  name: envoy.http.injected_credentials.generic
                  typed_config:
                    '@type': type.googleapis.com/envoy.extensions.http.injected_credentials.generic.v3.Generic
                    credential: { name: usher-caller }
                    header: ${callerHeader.toLowerCase()}
            - name: envoy.filters.http.upstream_codec
              typed_config:
                '@type': type.googleapis.com/envoy.extensions.filters.http.upstream_codec.v3.UpstreamCodec`;

const secretYaml = (file: string) => `  secrets:
    # Shows Usher who asks. The file holds the token, without a line break.
    - name: usher-caller
      generic_secret: { secret: { filename: ${quoted(file)} } }
`;
