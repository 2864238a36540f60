/** Shows the state of the store, and accepts one that lost data: who may do so. */

import type { StoreOversight, StoreStatus } from '../store/status.ts';
import { type Caller, demand, demandAdminToken, demandNoOwner, readScope } from './caller.ts';
import { TokenError } from './errors.ts';

/** The oversight of the store. Throws TokenError or Unavailable. */
export interface Oversight {
  /** The status. The caller needs the scope usher.tokens.read, and no owner. */
  status(caller: Caller): Promise<StoreStatus>;
  /**
   * Accepts the store as it is. Only for the admin token of the configuration: a token of the store
   * may owe its rights to the loss.
   */
  accept(caller: Caller): Promise<void>;
}

/** Creates it. */
export function createOversight(store: StoreOversight): Oversight {
  return {
    async status(caller) {
      demand(caller, readScope);
      demandNoOwner(caller, 'see the state of the store');
      return await store.storeStatus();
    },
    async accept(caller) {
      demandAdminToken(caller, 'accept a store');
      const { problem, lost } = await store.storeStatus();
      if (problem === undefined && lost.length === 0) {
        throw new TokenError('FAILED_PRECONDITION', 'nothing is wrong with the store');
      }
      await store.acceptStore({ actor: caller.actor, peer: caller.peer });
    },
  };
}
