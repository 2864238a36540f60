/** SignInService: the handler of its rpc. */

import { create } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { SignInService } from '../../gen/usher/v1/sign_in_pb.ts';
import { CreateSignInCodeResponseSchema } from '../../gen/usher/v1/sign_in_pb.ts';
import { type Caller, demand, readScope } from '../../tokens/caller.ts';
import type { Call } from '../rpc/call.ts';
import type { Handlers } from '../rpc/handlers.ts';

export { SignInService } from '../../gen/usher/v1/sign_in_pb.ts';

/** A code that signs in once. */
export interface SignInCode {
  code: string;
  /** In milliseconds since 1970. */
  expiresAt: number;
}

/** What SignInService needs. */
export interface SignInDeps {
  /** Makes a code for an actor (see Caller), and notes it in the audit log. Throws Unavailable. */
  createSignInCode(caller: Caller): Promise<SignInCode>;
  /** Authenticates the caller; throws denialError, Unavailable or RpcError. */
  authenticate(call: Call): Promise<Caller>;
}

/** The handlers of SignInService. */
export function signInHandlers(deps: SignInDeps): Handlers<typeof SignInService> {
  return {
    async createSignInCode(_, call) {
      const caller = await deps.authenticate(call);
      // The scopes with which a sign-in succeeds.
      demand(caller, readScope);
      const { code, expiresAt } = await deps.createSignInCode(caller);
      return create(CreateSignInCodeResponseSchema, {
        code,
        expireTime: timestampFromMs(expiresAt),
      });
    },
  };
}
