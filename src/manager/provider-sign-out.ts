/** Ends the session at the provider too: RP-Initiated Logout of OpenID Connect. */

import { ProviderError } from '../people/provider.ts';
import type { ListedSession } from '../people/session-list.ts';
import { sealText, unsealText } from '../verify/seal.ts';
import type { ManagerDeps } from './deps.ts';

/** What the sign-out at the provider needs. */
export interface ProviderSignOut {
  /** Seals an ID token, to be listed with the session; undefined without one. */
  sealHint(idToken: string | undefined): string | undefined;
  /**
   * Where the browser goes after the sign-out of a session, to end the one at the provider; undefined for
   * nowhere. Never rejects.
   */
  urlFor(session: ListedSession | undefined): Promise<string | undefined>;
}

const purpose = 'usher ID token of a session, version 1';

/** Creates it. */
export function createProviderSignOut({
  sessionKeys,
  providerSignIn,
}: Pick<ManagerDeps, 'sessionKeys' | 'providerSignIn'>): ProviderSignOut {
  return {
    sealHint(idToken = '') {
      if (idToken === '') return undefined;
      return sealText(sessionKeys()[0] as Uint8Array, idToken, purpose);
    },
    async urlFor(session) {
      if (session?.how !== 'provider' || providerSignIn === undefined) return undefined;
      const { sealedHint = '' } = session;
      const opened = sessionKeys().map(key => unsealText(key, sealedHint, purpose));
      const idToken = opened.find(text => text !== undefined);
      try {
        return await providerSignIn.provider.signOutUrl(idToken);
      } catch (error) {
        // The session here has ended all the same.
        if (!(error instanceof ProviderError)) throw error;
        providerSignIn.onProblem(error.problem, error.message);
        return undefined;
      }
    },
  };
}
