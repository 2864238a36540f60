/** Authenticates callers of the API, and writes refused calls to the audit log. */

import type { Authenticate, Caller } from '../../tokens/caller.ts';
import { TokenError } from '../../tokens/errors.ts';
import { slowedText } from '../../tokens/guesses.ts';
import type { Sums } from '../../tokens/sums.ts';
import { authorization, type Call } from './call.ts';
import type { Binding } from './handlers.ts';
import { denialError, RpcError } from './rpc-error.ts';

/**
 * Authenticates the caller; throws the denial of its credentials as an RpcError, or Unavailable.
 */
export type CallerOf = (call: Call) => Promise<Caller>;

/** The caller that a web session belongs to; undefined without a session. */
export type SessionOf = (call: Call) => Promise<Caller | undefined>;

/** The address of a call's client, behind trusted proxies. */
export type AddressOf = (call: Call) => string;

/** Authenticates by the Authorization header, or by the session when there is no header. */
export function createCallerOf(
  authenticate: Authenticate,
  addressOf: AddressOf,
  sessionOf?: SessionOf,
): CallerOf {
  return async call => {
    const header = authorization(call);
    const session = header === '' ? await sessionOf?.(call) : undefined;
    const caller = session ?? (await authenticate(header, addressOf(call)));
    if ('reason' in caller) throw denialError(caller);
    known.set(call, caller);
    return caller;
  };
}

/** The authenticated callers, for the audit log: a call can also be refused after that. */
const known = new WeakMap<Call, Caller>();

/**
 * Wraps a service so that calls refused by verdict or permission are counted for the audit log.
 * `methods` limits this to some rpcs.
 */
export function withRefusalsNoted(
  { service, handlers }: Binding,
  sums: Pick<Sums, 'refused'>,
  addressOf: AddressOf,
  methods?: readonly string[],
): Binding {
  const noted = Object.entries(handlers as Record<string, UnaryHandler>).map(([name, handler]) => {
    if (methods !== undefined && !methods.includes(name)) return [name, handler];
    const wrapped: UnaryHandler = async (request, call) => {
      try {
        return await handler(request, call);
      } catch (error) {
        const caller = known.get(call);
        const why = refusalOf(error, caller);
        if (why !== undefined) {
          const detail = `${service.name}.${name}: ${why}`;
          const who = { actor: caller?.actor ?? '', actorName: caller?.name };
          await sums.refused({ ...who, peer: addressOf(call), detail });
        }
        throw error;
      }
    };
    return [name, wrapped];
  });
  return { service, handlers: Object.fromEntries(noted) };
}

type UnaryHandler = (request: unknown, call: Call) => Promise<unknown>;

/** Why a call was refused, in words that hold nothing of the call; undefined for another error. */
function refusalOf(error: unknown, caller: Caller | undefined): string | undefined {
  if (error instanceof RpcError && error.denial !== undefined) return error.message;
  if (!(error instanceof TokenError)) return undefined;
  if (error.code === 'PERMISSION_DENIED' || error.message === slowedText) return error.message;
  const isAnothers = error.code === 'NOT_FOUND' && caller?.owners !== undefined;
  return isAnothers ? 'there is no such access token of its owners' : undefined;
}
