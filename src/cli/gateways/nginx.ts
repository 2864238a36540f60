/** The configuration for nginx, which uses its auth_request directive. */

import {
  callerHeader,
  forwardAuthPath,
  type GatewayConfig,
  type GatewayTls,
  identityHeaders,
  rateLimitHeaders,
} from './gateway.ts';

/** Makes nginx.conf. */
export const nginx: GatewayConfig = settings => ({
  'nginx.conf': `# Run it with: nginx -p "$PWD" -c nginx.conf
daemon off;
pid nginx.pid;
error_log stderr;

events {}

http {
  access_log off;

  upstream usher {
    server ${settings.http};
    keepalive 32;
  }

  upstream app {
    server ${settings.upstream};
    keepalive 32;
  }

  server {
    listen ${settings.listen};
    # Room for 64 KB of headers, such as many cookies.
    large_client_header_buffers 4 16k;

    location / {
      auth_request /_usher;

      # Tells the upstream who calls; replaces what the client sent under these names.
${identityHeaders.map(name => `      auth_request_set ${variable(name)} ${source(name)};`).join('\n')}
${identityHeaders.map(name => `      proxy_set_header ${name} ${variable(name)};`).join('\n')}
      # What shows Usher who asks is not for the upstream, and not for clients to send.
      proxy_set_header ${callerHeader} "";
      # Hides the token from the upstream; remove it to pass the token on.
      proxy_set_header Authorization "";

      # nginx drops the body of a refusal; these carry it to the last location.
      auth_request_set $usher_status $upstream_http_x_usher_status;
      auth_request_set $usher_error $upstream_http_x_usher_error;
      auth_request_set $usher_challenge $upstream_http_www_authenticate;
      auth_request_set $usher_retry_after $upstream_http_retry_after;

      # What a token with limits has left, for the client.
${rateLimitHeaders.map(name => `      auth_request_set ${ofUsher(name)} ${source(name)};`).join('\n')}
${addHeaders('      ')}

      error_page 401 403 500 = @usher_refused;

      proxy_http_version 1.1;
      proxy_set_header Connection "";
      proxy_set_header Host $http_host;
      proxy_pass http://app;
    }

    location = /_usher {
      internal;
      proxy_pass "${settings.tls ? 'https' : 'http'}://usher${forwardAuthPath(settings, 'nginx')}";
      proxy_http_version 1.1;
      proxy_set_header Connection "";
      # Usher needs nothing else of a request, and refuses more headers than it has room for.
      proxy_pass_request_headers off;
      proxy_set_header Authorization $http_authorization;
      # Who uses the token; Usher reads it if USHER_TRUSTED_PROXIES has nginx' address.
      proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;${settings.callerToken ? caller(settings.callerToken) : ''}
      proxy_set_header Content-Length "";
      proxy_pass_request_body off;
      # Room for the longest identity headers.
      proxy_buffer_size 16k;
      proxy_buffers 4 16k;
      proxy_connect_timeout 1s;
      proxy_read_timeout 2s;${settings.tls ? tlsLines(settings.tls) : ''}
    }

    location @usher_refused {
      internal;
      default_type application/json;
      add_header Cache-Control no-store always;
      if ($usher_status = 401) {
        return 401 '{"error":"$usher_error"}';
      }
      if ($usher_status = 403) {
        # On a 401 nginx sends this header by itself.
        add_header WWW-Authenticate $usher_challenge always;
        add_header Cache-Control no-store always;
        return 403 '{"error":"$usher_error"}';
      }
      if ($usher_status = 429) {
        add_header Retry-After $usher_retry_after always;
${addHeaders('        ')}
        add_header Cache-Control no-store always;
        return 429 '{"error":"$usher_error"}';
      }
      if ($usher_status = 500) {
        return 500 '{"error":"$usher_error"}';
      }
      # No verdict: the store or Usher itself cannot be reached.
      return 503 '{"error":"the verdict cannot be known; ask again"}';
    }
  }
}
`,
});

const variable = (name: string) => `$${snake(name)}`.replace('$x_', '$');
const ofUsher = (name: string) => `$usher_${snake(name)}`;
/** nginx sends no header whose value is empty. */
const addHeaders = (indent: string) =>
  rateLimitHeaders.map(name => `${indent}add_header ${name} ${ofUsher(name)} always;`).join('\n');
const source = (name: string) => `$upstream_http_${snake(name)}`;
const snake = (name: string) => name.toLowerCase().replaceAll('-', '_');

/** nginx reads no variable from a file, so the file holds the whole line. */
const caller = (file: string) => `
      # Shows Usher who asks. The file holds one line: proxy_set_header ${callerHeader} "<the token>";
      include ${file};`;

const tlsLines = ({ name, ca, own }: GatewayTls) => `
      proxy_ssl_verify on;
      proxy_ssl_trusted_certificate ${ca};
      proxy_ssl_server_name on;
      proxy_ssl_name ${name};
      proxy_ssl_protocols TLSv1.2 TLSv1.3;${
        own
          ? `
      proxy_ssl_certificate ${own.cert};
      proxy_ssl_certificate_key ${own.key};`
          : ''
      }`;
