import { envoyVersion, routesOf, startEnvoy, type } from '../gateway-envoy.ts';
import { keySetOf, tokensOf } from '../keys.ts';
import type { Peer } from '../peer.ts';

const [jwtFilter, keyFilter] = ['envoy.filters.http.jwt_authn', 'envoy.filters.http.api_key_auth'];

/** A filter that proves JWTs by a key set; it lets requests without one pass. */
function jwtAuthn(keySet: object): object {
  const provider = {
    audiences: ['shop'],
    local_jwks: { inline_string: JSON.stringify(keySet) },
    jwt_cache_config: { jwt_cache_size: 1000 },
  };
  return {
    '@type': type('filters.http.jwt_authn.v3.JwtAuthentication'),
    providers: { load: provider },
    rules: [{ match: { prefix: '/' }, requires: { provider_name: 'load' } }],
  };
}

/** The keys of a route, in plain text as the filter wants them. */
function apiKeys(tokens: readonly string[]): Record<string, object> {
  const credentials = tokens.map((key, n) => ({ key, client: `client-${n}` }));
  return {
    [keyFilter]: {
      '@type': type('filters.http.api_key_auth.v3.ApiKeyAuthPerRoute'),
      credentials,
    },
  };
}

/** Envoy's filter for JWTs. */
export const envoyJwt: Peer = {
  name: 'envoy-jwt',
  wire: 'gateway',
  get: async () => `${envoyVersion()}, jwt_authn`,
  async start(known) {
    const filter = { name: jwtFilter, typed_config: jwtAuthn(keySetOf(known)) };
    const envoy = await startEnvoy([filter], routesOf());
    return {
      pids: () => envoy.pids(),
      address: `127.0.0.1:${envoy.port}`,
      headers: { jwt: known.headers.jwt },
      stop: () => envoy.stop(),
    };
  },
  does: 'its filter in the data path, with its cache of JWTs',
  cannot: 'a JWT cannot be revoked before it expires',
};

/** Envoy's filter for API keys. */
export const envoyKeys: Peer = {
  name: 'envoy-keys',
  wire: 'gateway',
  get: async () => `${envoyVersion()}, api_key_auth`,
  async start(known) {
    const filter = {
      name: keyFilter,
      typed_config: {
        '@type': type('filters.http.api_key_auth.v3.ApiKeyAuth'),
        key_sources: [{ header: 'authorization' }],
      },
    };
    const tokens = tokensOf(known);
    const envoy = await startEnvoy([filter], routesOf(apiKeys(tokens)));
    return {
      pids: () => envoy.pids(),
      address: `127.0.0.1:${envoy.port}`,
      headers: { static: known.headers.static },
      async revoke() {
        const left = tokens.filter(token => token !== known.spare.token);
        envoy.write('routes.json', JSON.stringify(routesOf(apiKeys(left))));
      },
      stop: () => envoy.stop(),
    };
  },
  does: 'its filter in the data path, with 100,002 keys in the file of its routes',
  cannot:
    'the keys stand in plain text in its configuration, and it has no owners, expiry or audit log; the time counts from the new file',
};
