/** Wires up the sign-in by the OpenID provider of the configuration. */

import type { Logger } from '../log.ts';
import { callbackPath, type ProviderSignIn } from '../manager/provider-routes.ts';
import { createProvider } from '../people/provider.ts';
import { createLetInByProvider } from '../people/provider-sign-in.ts';
import type { Config } from '../settings/config.ts';
import type { Core } from './core.ts';

/** Creates it; undefined without a provider. `now` is in milliseconds since 1970. */
export function createProviderSignIn(
  config: Config,
  { people, outboundFetch }: Pick<Core, 'people' | 'outboundFetch'>,
  log: Pick<Logger, 'warn'>,
  now: () => number,
): ProviderSignIn | undefined {
  const { oidcIssuer: issuer, oidcClientId: clientId, oidcRoles: rules } = config;
  if (issuer === undefined || clientId === undefined || rules === undefined) return undefined;
  const { origin } = new URL(config.managerUrl);
  const provider = createProvider({
    ...{ issuer, clientId, clientSecret: config.oidcClientSecret, scope: config.oidcScope, now },
    clockSkewSeconds: config.oidcClockSkewSeconds,
    redirectUri: `${origin}${callbackPath}`,
    signedOutUri: `${origin}/`,
    claims: neededClaims(rules.map(({ claim }) => claim)),
    outboundFetch,
  });
  return {
    ...{ provider, origin, name: new URL(issuer).host },
    letIn: createLetInByProvider(people, rules, now),
    onProblem: (problem, message) =>
      log.warn({ problem, why: message }, 'a sign-in by the provider failed'),
  };
}

/** The claims that the rules look at, and those with the name of a person. */
function neededClaims(ofRules: readonly string[]): string[] {
  const paths = ofRules.flatMap(claim => {
    if (claim === 'email') return ['email', 'email_verified'];
    // A path leads into the claim before its first dot; a name such as a URL has dots of its own.
    return claim.includes('/') ? claim : (claim.split('.')[0] ?? claim);
  });
  return [...new Set([...paths, 'name', 'email'])];
}
