/** Traefik: its ForwardAuth middleware. */

import { forwardAuthPath, type GatewayConfig, identityHeaders } from './gateway.ts';

/** The static configuration and the dynamic one. */
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
${identityHeaders
  .flatMap(otherSpellings)
  .map(name => `          ${name}: ''`)
  .join('\n')}
    usher:
      forwardAuth:
        address: ${JSON.stringify(`http://${settings.http}${forwardAuthPath(settings)}`)}
        trustForwardHeader: false
        maxResponseBodySize: 65536
        # Usher needs nothing else of a request.
        authRequestHeaders: [Authorization]
        # Tells the upstream who calls; replaces what the client sent under these names.
        authResponseHeaders:
${identityHeaders.map(name => `          - ${name}`).join('\n')}
          # Usher never answers with it, so that the token is hidden; leave it out to pass the token on.
          - Authorization
  services:
    app:
      loadBalancer:
        servers:
          - url: ${JSON.stringify(`http://${settings.upstream}`)}
`,
});

/** The name with underscores in place of one or more of its hyphens. */
function otherSpellings(name: string): string[] {
  const [first = '', ...rest] = name.split('-');
  const all = rest.reduce(
    (spellings, part) => spellings.flatMap(before => [`${before}-${part}`, `${before}_${part}`]),
    [first],
  );
  return all.filter(spelling => spelling !== name);
}
