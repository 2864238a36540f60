/** The configuration for Caddy, which uses its forward_auth directive. */

import { forwardAuthPath, type GatewayConfig, hostAndPort, identityHeaders } from './gateway.ts';

/** Makes the Caddyfile. */
export const caddy: GatewayConfig = settings => {
  const { host, port } = hostAndPort(settings.listen);
  return {
    Caddyfile: `# Run it with: caddy run --config Caddyfile
{
	admin off
	auto_https off
	persist_config off
}

http://:${port} {
	bind ${host}

	# In this order, which Caddy would change outside of "route".
	route {
		# Removes such headers of the client, also in a spelling that some services treat as equal.
		request_header -X-Usher*
		request_header -X_Usher*
		# Caddy removes headers that the client lists here, which could be Usher's.
		request_header Connection (?i)x-usher-[a-z-]* ""
		forward_auth ${settings.http} {
			# With a query: without one, Caddy would send the client's.
			uri ${JSON.stringify(forwardAuthPath(settings))}
			copy_headers ${identityHeaders.join(' ')}
			transport http {
				dial_timeout 1s
				response_header_timeout 2s
			}
		}
		# Hides the token from the upstream; remove it to pass the token on.
		request_header -Authorization
		reverse_proxy ${settings.upstream}
	}

	# No verdict: Usher or its store cannot be reached.
	handle_errors 502 504 {
		header Content-Type application/json
		respond \`{"error":"the verdict cannot be known; ask again"}\` 503
	}
}
`,
  };
};
