/** Creates the tokens that a peer shall know in a running Usher. */

import { managerOf, signJwt } from '../access-tokens.ts';
import type { Usher } from '../processes.ts';
import type { Known } from './peer.ts';

/** Tokens that a peer has beside those of the load. */
const others = 100_000;

/** New tokens for one peer. */
export async function knownBy(usher: Usher): Promise<Known> {
  const manager = managerOf(usher);
  const token = await manager.createStatic();
  const spare = await manager.createStatic();
  const jwt = await manager.createJwt();
  const header = `Bearer ${await signJwt(jwt.id, jwt.secret, 'user-1')}`;
  return {
    static: token,
    spare,
    jwt,
    others,
    headers: { static: token.token, jwt: header },
    usher,
    revoke: () => manager.revoke(spare.id),
  };
}
