/** Lets calls ask for verdicts on the tokens of others: src/tokens/verify-callers.ts decides. */

import { type Awaitable, mapAwaitable } from '../../store/awaitable.ts';
import { type Caller, demand, readScope, verifyScope } from '../../tokens/caller.ts';
import { TokenError } from '../../tokens/errors.ts';
import {
  anyone,
  callerHeader,
  type FindVerifyCaller,
  type NotLetIn,
  type VerifyCaller,
} from '../../tokens/verify-callers.ts';
import { joinAuthorization } from './authorization.ts';
import type { Call } from './call.ts';
import type { CallerOf } from './caller-of.ts';
import { RpcError } from './rpc-error.ts';

/** What of a call tells who its caller is. */
export type CallSight = Pick<Call, 'header' | 'clientNames' | 'peer'>;

/** The caller of a call that comes to `where`, a name for the audit log. Throws Unavailable. */
export type Admit<C = CallSight> = (call: C, where: string) => Awaitable<VerifyCaller | NotLetIn>;

/** Called for each call that is not let in. */
export type OnNotLetIn = (refusal: NotLetIn, peer: string, where: string) => void;

/** Lets anyone in. */
export const admitAnyone: Admit = () => anyone;

/**
 * Lets in whom `find` finds by `x-usher-caller` and the client certificate of the call itself, and by the
 * address of its caller.
 */
export function createAdmit<C extends CallSight>(
  find: FindVerifyCaller,
  addressOf: (call: C) => string,
  onNotLetIn: OnNotLetIn,
): Admit<C> {
  return (call, where) => {
    const token = joinAuthorization(call.header(callerHeader));
    const address = () => addressOf(call);
    const found = find(token, call.clientNames, address);
    return mapAwaitable(found, caller => noted(caller, address, where, onNotLetIn));
  };
}

/** Lets in the callers of the API Manager's port: a session, or a token that may read or verify. */
export function createManagerAdmit(
  callerOf: CallerOf,
  addressOf: (call: Call) => string,
  onNotLetIn: OnNotLetIn,
): Admit<Call> {
  const find = async (call: Call): Promise<VerifyCaller | NotLetIn> => {
    let caller: Caller | undefined;
    try {
      caller = await callerOf(call);
      demand(caller, readScope, verifyScope);
      const { owners } = caller;
      return { name: managerName, ...(owners === undefined ? {} : { owners }) };
    } catch (error) {
      if (error instanceof TokenError && error.code !== 'PERMISSION_DENIED') throw error;
      const isDenied = error instanceof RpcError && error.denial !== undefined;
      if (!isDenied && !(error instanceof TokenError)) throw error;
      const code = caller === undefined ? 'UNAUTHENTICATED' : 'PERMISSION_DENIED';
      return {
        code,
        text: `the caller of the API Manager: ${error.message}`,
        actor: caller?.actor ?? '',
      };
    }
  };
  return async (call, where) => noted(await find(call), () => addressOf(call), where, onNotLetIn);
}

const managerName = 'API Manager';

function noted(
  caller: VerifyCaller | NotLetIn,
  address: () => string,
  where: string,
  onNotLetIn: OnNotLetIn,
): VerifyCaller | NotLetIn {
  if ('code' in caller) onNotLetIn(caller, address(), where);
  return caller;
}

/** Calls `ask` with the caller that is let in. Throws RpcError for another, which is no verdict. */
export function letIn<C, T>(
  admit: Admit<C>,
  call: C,
  where: string,
  ask: (caller: VerifyCaller) => Awaitable<T>,
): Awaitable<T> {
  return mapAwaitable(admit(call, where), caller => {
    if ('code' in caller) throw caller.cause ?? new RpcError(caller.code, caller.text);
    return ask(caller);
  });
}
