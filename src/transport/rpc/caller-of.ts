/** Lets callers of the API in, and has those who are refused noted. */

import type { Authenticate, Caller } from '../../tokens/caller.ts';
import { TokenError } from '../../tokens/errors.ts';
import type { NoteRefusal } from '../../tokens/refusals.ts';
import { authorization, type Call } from './call.ts';
import type { Binding } from './handlers.ts';
import { denialError, RpcError } from './rpc-error.ts';

/** Who a call is from; throws the denial of its credentials. */
export type CallerOf = (call: Call) => Promise<Caller>;

/** The session of a call from the web app; undefined without one. */
export type SessionOf = (call: Call) => Promise<Caller | undefined>;

/** Callers by their Authorization header or, where there is none, by their session. */
export function createCallerOf(authenticate: Authenticate, sessionOf?: SessionOf): CallerOf {
  return async call => {
    const header = authorization(call);
    const session = header === '' ? await sessionOf?.(call) : undefined;
    const caller = session ?? (await authenticate(header, call.peer));
    if (typeof caller === 'string') throw denialError(caller);
    known.set(call, caller);
    return caller;
  };
}

/** Who was let in: a call may be refused after that, for what it asks. */
const known = new WeakMap<Call, Caller>();

/** The same service, with its refused calls noted. `methods` names some of its rpcs; absent for all. */
export function withRefusalsNoted(
  { service, handlers }: Binding,
  note: NoteRefusal,
  onFailure: (error: unknown) => void,
  methods?: readonly string[],
): Binding {
  const noted = Object.entries(handlers as Record<string, UnaryHandler>).map(([name, handler]) => {
    if (methods !== undefined && !methods.includes(name)) return [name, handler];
    const wrapped: UnaryHandler = async (request, call) => {
      try {
        return await handler(request, call);
      } catch (error) {
        const why = refusalOf(error);
        if (why !== undefined) {
          const actor = known.get(call)?.actor ?? '';
          const detail = `${service.name}.${name}: ${why}`;
          await note({ actor, peer: call.peer, detail }).catch(onFailure);
        }
        throw error;
      }
    };
    return [name, wrapped];
  });
  return { service, handlers: Object.fromEntries(noted) };
}

type UnaryHandler = (request: unknown, call: Call) => Promise<unknown>;

function refusalOf(error: unknown): string | undefined {
  if (error instanceof RpcError && error.denial !== undefined) return error.message;
  if (error instanceof TokenError && error.code === 'PERMISSION_DENIED') return error.message;
  return undefined;
}
