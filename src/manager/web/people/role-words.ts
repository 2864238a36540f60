/** Roles and ways to sign in, in words. */

import { Role, SignInMethod } from '../../../gen/usher/v1/people_pb.ts';

/** A role in words: its name, and what it may do. */
export function roleWords(role: Role): { name: string; may: string } {
  return words.get(role) ?? { name: 'Another role', may: 'This page does not know it.' };
}

const words = new Map<Role, { name: string; may: string }>([
  [Role.VIEWER, { name: 'Viewer', may: 'Sees access tokens, their usage and the audit log.' }],
  [Role.ISSUER, { name: 'Issuer', may: 'Sees what a viewer sees, and has JWTs signed.' }],
  [
    Role.KEEPER,
    {
      name: 'Keeper',
      may: 'Creates, changes, rotates and revokes access tokens, and has JWTs signed.',
    },
  ],
  [Role.ADMIN, { name: 'Admin', may: 'May do everything.' }],
  [Role.AUDITOR, { name: 'Auditor', may: 'Sees the audit log, and nothing else.' }],
]);

/** The roles that can be given. */
export const givenRoles = [Role.VIEWER, Role.ISSUER, Role.KEEPER, Role.ADMIN, Role.AUDITOR];

/** How a session began, in words. */
export function methodWords(method: SignInMethod): string {
  return methods.get(method) ?? 'Another way';
}

const methods = new Map<SignInMethod, string>([
  [SignInMethod.PROVIDER, 'Provider'],
  [SignInMethod.PASSKEY, 'Passkey'],
  [SignInMethod.INVITATION, 'Invitation'],
  [SignInMethod.ADMIN_TOKEN, 'Admin token'],
  [SignInMethod.ACCESS_TOKEN, 'Access token'],
  [SignInMethod.LINK, 'Login link'],
]);
