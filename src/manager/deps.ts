/** What the API Manager's browser part needs from the rest of the server. */

import type { IncomingMessage } from 'node:http';
import type { SessionList, SignInMethod } from '../people/session-list.ts';
import type { Caller } from '../tokens/caller.ts';
import type { Attempt } from '../tokens/guesses.ts';
import type { Refusal } from '../tokens/sums.ts';
import type { Invited } from './invited-routes.ts';
import type { ManagerLimits } from './limits.ts';
import type { LetIn } from './login-codes.ts';
import type { ProviderSignIn } from './provider-routes.ts';
import type { ServerStatus } from './server-status.ts';
import type { Session } from './session.ts';

/** The functions and settings with which `createManager` is built. */
export interface ManagerDeps {
  /**
   * Keys of 32 bytes, the same in every worker and server: the first seals sessions, and one that is gone
   * ends the sessions that it sealed. Asked at each use.
   */
  sessionKeys: () => readonly Uint8Array[];
  /** The current time, in milliseconds since 1970. */
  now: () => number;
  /** Lifetimes and bounds of sessions and login codes. */
  limits: ManagerLimits;
  /** The folder of the built web app: `dist/manager`. */
  webFolder: string;
  /**
   * The caller of an Authorization header; undefined if refused, or a text that says why to someone who
   * holds the token. Throws Unavailable, and TokenError for a source that guesses.
   */
  authenticate(header: string, peer: string): Promise<Caller | string | undefined>;
  /**
   * The session's caller as the store has it now; undefined when its access token is revoked,
   * expired, or rotated since `signedInAt` with the grace over. Called on each request, so that a
   * revocation also ends the session. Throws Unavailable.
   */
  currentCaller(actor: string, peer: string, signedInAt: number): Promise<Caller | undefined>;
  /** Redeems a one-time login code: who asked for it; undefined if unknown, used or expired. */
  redeemLoginCode(code: string): LetIn | undefined;
  /** Begins an attempt to redeem a login code. Throws TokenError for a source that guesses. */
  beginAttempt(address: string): Attempt;
  /** The sessions as a list, shared by all servers, which people see and end. */
  sessionList: Pick<SessionList, 'add' | 'isOpen' | 'touch' | 'end' | 'findOwn'>;
  /** The sign-in by invitations and passkeys. */
  invited: Invited;
  /** The sign-in by an OpenID provider; absent for none. */
  providerSignIn?: ProviderSignIn;
  /** Called with each sign-in by the admin token of the configuration, by itself or by a link. */
  onAdminSignIn(caller: Caller, how: SignInMethod): void;
  /** Counts a refused sign-in or session for the audit log. Never rejects. */
  refused(refusal: Refusal): Promise<void>;
  /** What the status page shows. */
  status(): ServerStatus | Promise<ServerStatus>;
  /** The client's address, behind trusted proxies. */
  peerOf(req: IncomingMessage): string;
  /** Called with each error that was answered as 500; it holds no secret. */
  onError?(error: unknown): void;
}

/** A valid session and its caller. */
export interface SignedIn {
  session: Session;
  /** As the store has it now, not as it was at sign-in. */
  caller: Caller;
}
