/** The configuration for Traefik, which uses its ForwardAuth middleware. */

import {
  callerHeader,
  forwardAuthPath,
  type GatewayConfig,
  type GatewaySettings,
  type GatewayTls,
  hostAndPort,
  identityHeaders,
  reservedHeaders,
} from './gateway.ts';

/** Makes the static and the dynamic configuration. */
export const traefik: GatewayConfig = settings => ({
  'traefik.yaml': `# Run it with: traefik --configFile=traefik.yaml
global:
  checkNewVersion: false
  sendAnonymousUsage: false
entryPoints:
  web:
    address: ${JSON.stringify(settings.listen)}
providers:
  file:
    filename: usher.yaml
`,
  'usher.yaml': `# Traefik's dynamic configuration, which traefik.yaml names.
http:
  routers:
    app:
      rule: PathPrefix(\`/\`)
      middlewares: [other-spellings, usher]
      service: app
  middlewares:
    # Some services take these spellings for Usher's headers; an empty value removes them.
    other-spellings:
      headers:
        customRequestHeaders:
          ${callerHeader}: ''
${reservedHeaders
  .flatMap(otherSpellings)
  .map(name => `          ${name}: ''`)
  .join('\n')}
    usher:
      forwardAuth:
        address: ${JSON.stringify(`${questionAddress(settings)}${forwardAuthPath(settings)}`)}${settings.tls ? tlsLines(settings.tls) : ''}
        trustForwardHeader: false
        maxResponseBodySize: 65536
        # Usher needs nothing else of a request.
        authRequestHeaders: [Authorization]
        # Tells the upstream who calls; replaces what the client sent under these names.
        authResponseHeaders:
${identityHeaders.map(name => `          - ${name}`).join('\n')}
          # Usher never sends it, so that the token is hidden; remove it to pass the token on.
          - Authorization
  services:
    app:
      loadBalancer:
        servers:
          - url: ${JSON.stringify(`http://${settings.upstream}`)}
`,
});

/** All spellings of the name with one or more hyphens replaced by underscores. */
function otherSpellings(name: string): string[] {
  const [first = '', ...rest] = name.split('-');
  const all = rest.reduce(
    (spellings, part) => spellings.flatMap(before => [`${before}-${part}`, `${before}_${part}`]),
    [first],
  );
  return all.filter(spelling => spelling !== name);
}

/** Traefik knows no other name for the certificate than that of the address. */
function questionAddress({ http, tls }: GatewaySettings): string {
  return tls === undefined ? `http://${http}` : `https://${tls.name}:${hostAndPort(http).port}`;
}

const tlsLines = ({ ca, own }: GatewayTls) => `
        tls:
          ca: ${JSON.stringify(ca)}${
            own
              ? `
          cert: ${JSON.stringify(own.cert)}
          key: ${JSON.stringify(own.key)}`
              : ''
          }`;
