/** Who calls the API Manager's API or asks for a JWT, and what they may do. */

/** Scopes that Usher itself asks for. */
export const adminScope = 'usher.admin';
export const readScope = 'usher.tokens.read';
export const issueScope = 'usher.jwts.issue';
export const introspectScope = 'usher.introspect';

/** A caller that was let in. */
export interface Caller {
  /** UUID of the caller's access token, or "admin" for the admin token of the configuration. */
  actor: string;
  /** The peer's address as the server saw it. */
  peer: string;
  /** Limited to access tokens of this owner; absent for no limit. */
  owner?: string;
  scopes: readonly string[];
}
