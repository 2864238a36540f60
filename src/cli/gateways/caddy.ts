/** Caddy: its forward_auth. */

import { forwardAuthPath, type GatewayConfig, hostAndPort, identityHeaders } from './gateway.ts';

/** The Caddyfile. */
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
		# The client's own, also in the spelling that some services take for the same.
		request_header -X-Usher*
		request_header -X_Usher*
		# Caddy takes out what the client lists here, and so would take out what Usher says.
		request_header Connection (?i)x-usher-[a-z-]* ""
		forward_auth ${settings.http} {
			# With a query, since Caddy would send the client's where there is none.
			uri ${JSON.stringify(forwardAuthPath(settings))}
			copy_headers ${identityHeaders.join(' ')}
			transport http {
				dial_timeout 1s
				response_header_timeout 2s
			}
		}
		# Hides the token from the upstream; leave it out to pass the token on.
		request_header -Authorization
		reverse_proxy ${settings.upstream}
	}

	# No verdict: the store can't be reached, or Usher itself.
	handle_errors 502 504 {
		header Content-Type application/json
		respond \`{"error":"the verdict cannot be known; ask again"}\` 503
	}
}
`,
  };
};
