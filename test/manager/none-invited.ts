/** Invitations and passkeys of a manager in tests of something else: there are none. */

import type { Invited } from '../../src/manager/invited-routes.ts';

const party = { problem: 'there are no passkeys in this test' };
const none = async () => {
  throw new Error(party.problem);
};

/** There are no invitations. */
export const noneInvited: Invited = {
  invitations: { look: async () => undefined, redeem: async () => undefined },
  passkeys: {
    party,
    beginRegistration: none,
    register: none,
    beginSignIn: none,
    signIn: none,
    list: none,
  },
};
