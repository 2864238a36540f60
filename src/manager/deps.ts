/** What the API Manager's browser part is given, and who is signed in to it. */

import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import type { EndedSessions } from '../store/store.ts';
import type { Caller } from '../tokens/caller.ts';
import type { ManagerLimits } from './limits.ts';
import type { ServerStatus } from './server-status.ts';
import type { Session } from './session.ts';

/** What the API Manager asks of the rest of the server. */
export interface ManagerDeps {
  /** 32 bytes, the same in every worker and replica; another one ends all sessions. */
  sessionKey: Uint8Array;
  now: () => number;
  limits: ManagerLimits;
  /** Who signed out, anywhere. */
  ended: EndedSessions;
  /** The folder of the built web app: `dist/manager`. */
  webFolder: string;
  /** The caller of an Authorization header; undefined when its token is refused. */
  authenticate(header: string, peer: string): Promise<Caller | undefined>;
  /**
   * The caller behind a session as the store knows it now; undefined when its access token is
   * revoked, expired or, by `signedInAt`, rotated with its grace over. Asked on each request.
   */
  currentCaller(actor: string, peer: string, signedInAt: number): Promise<Caller | undefined>;
  /** The actor of a one-time login code, which is then spent; see login-codes.ts. */
  redeemLoginCode(code: string): string | undefined | Promise<string | undefined>;
  /** Writes "session.create" and "session.end" to the audit log. */
  audit(action: 'session.create' | 'session.end', caller: Caller): Promise<void>;
  status(): ServerStatus | Promise<ServerStatus>;
  /** The address of a request's peer, behind trusted proxies; by default the socket's. */
  peerOf?(req: IncomingMessage): string;
  /** Whether the browser came by https, also when a trusted proxy ends TLS; by default the socket's. */
  isSecure?(req: { headers: IncomingHttpHeaders; socket: unknown }): boolean;
  /** Told of errors that were answered as 500 or 503; holds no secret. */
  onError?(error: unknown): void;
}

/** A session with its caller as known now. */
export interface SignedIn {
  session: Session;
  caller: Caller;
}
