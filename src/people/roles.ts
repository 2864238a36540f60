/** Roles of people: named sets of the scopes that access tokens have too. */

import { adminScope, auditScope, issueScope, readScope, writeScope } from '../tokens/caller.ts';

/** The scopes of each role. */
export const roles = {
  /** Reads access tokens, their usage and the audit log. */
  viewer: [readScope],
  /** Reads, and has JWTs signed. */
  issuer: [readScope, issueScope],
  /** Creates, changes, rotates and revokes access tokens, and what an issuer may. */
  keeper: [readScope, issueScope, writeScope],
  /** Everything. */
  admin: [adminScope],
  /** Reads the audit log alone. */
  auditor: [auditScope],
} as const;

/** The name of a role. */
export type Role = keyof typeof roles;

/** The names of all roles. */
export const roleNames = Object.keys(roles) as Role[];

/** Whether a text is the name of a role. */
export function isRole(text: string): text is Role {
  return Object.hasOwn(roles, text);
}

/** A role, and the owners whose access tokens it is about; without owners, those of all. */
export interface Granted {
  role: Role;
  owners?: readonly string[];
}
