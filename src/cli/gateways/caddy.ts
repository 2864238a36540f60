/** The configuration for Caddy, which uses its forward_auth directive. */

import {
  callerHeader,
  forwardAuthPath,
  type GatewayConfig,
  type GatewayTls,
  hostAndPort,
  identityHeaders,
  rateLimitHeaders,
} from './gateway.ts';

/** Makes the Caddyfile. */
export const caddy: GatewayConfig = settings => {
  const { tls, callerToken } = settings;
  const { host, port } = hostAndPort(settings.listen);
  return {
    Caddyfile: `# Run it with: caddy run --config Caddyfile
{
	admin off
	auto_https off
	persist_config off
	servers {
		# Room for 64 KB of headers, such as many cookies.
		max_header_size 64KB
	}
}

http://:${port} {
	bind ${host}

	# "route" keeps this order; outside of it Caddy sorts the directives.
	route {
		# Removes identity headers that the client sent, also those spelled with underscores.
		request_header -X-Usher*
		request_header -X_Usher*
		# Caddy removes each header that the client names here, and would remove Usher's too.
		request_header Connection (?i)x-usher-[a-z-]* ""
		forward_auth ${tls ? 'https://' : ''}${settings.http} {
			# Without a query here, Caddy would send the client's.
			uri ${JSON.stringify(forwardAuthPath(settings))}
			# Usher needs nothing else of a request, and refuses more headers than it has room for.
			header_up -*
			header_up Authorization {header.Authorization}
			# Who uses the token; Usher reads it if USHER_TRUSTED_PROXIES has Caddy's address.
			header_up X-Forwarded-For {client_ip}${callerToken ? caller(callerToken) : ''}
			copy_headers ${[...identityHeaders, ...rateLimitHeaders.map(name => `${name}>${carrier(name)}`)].join(' ')}
			transport http {
				dial_timeout 1s
				response_header_timeout 2s${tls ? tlsLines(tls) : ''}
			}
		}
		# What a token with limits has left, for the client. Caddy copies headers to the request alone.
		@limited header ${carrier('RateLimit')} *
${rateLimitHeaders.map(toClient).join('\n')}
		request_header -X-Usher-RateLimit*
		# Hides the token from the upstream; remove it to pass the token on.
		request_header -Authorization
		reverse_proxy ${settings.upstream}
	}

	# No verdict: the store or Usher itself cannot be reached.
	handle_errors 502 504 {
		header Content-Type application/json
		respond \`{"error":"the verdict cannot be known; ask again"}\` 503
	}
}
`,
  };
};

const carrier = (name: string) => `X-Usher-${name}`;
const toClient = (name: string) =>
  `		header @limited +${name} {http.request.header.${carrier(name)}}`;

/** Without a slash, Caddy would take the name for a part of the request's path. */
const caller = (file: string) => `
			# Shows Usher who asks. Caddy reads the file for each question.
			header_up ${callerHeader} {file.${file.includes('/') ? file : `./${file}`}}`;

const tlsLines = ({ name, ca, own }: GatewayTls) => `
				versions 1.1
				tls_server_name ${name}
				tls_trust_pool file ${ca}${own ? `\n				tls_client_auth ${own.cert} ${own.key}` : ''}`;
