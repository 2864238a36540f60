/** The configuration for Traefik, which uses its ForwardAuth middleware. */

import { forwardAuthPath, type GatewayConfig, identityHeaders } from './gateway.ts';

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
