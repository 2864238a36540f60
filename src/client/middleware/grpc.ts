/** An interceptor for servers of grpc-js, which the service brings itself. */

import { UsherUnavailable } from '../unavailable.ts';
import type { Requirement, Usher } from '../usher.ts';
import type { Identity, Verdict } from '../usher-verdict.ts';
import { rpcCodeOf, rpcCodes, unknownText } from './refusal.ts';

/** What is used of the metadata of a call. */
interface MetadataLike {
  get(key: string): unknown[];
}

/** What is used of the module `@grpc/grpc-js`, whose types the interceptor has. */
export interface GrpcModule<Call, Intercepting> {
  ServerInterceptingCall: new (
    call: Call,
    responder: {
      start(
        next: (listener: {
          onReceiveMetadata<M extends MetadataLike>(metadata: M, next: (metadata: M) => void): void;
        }) => void,
      ): void;
    },
  ) => Intercepting;
}

/** What is used of a call. */
interface CallLike {
  sendStatus(status: { code: number; details: string }): void;
}

const identities = new WeakMap<object, Identity>();

/** Who is calling, by the metadata of the call that a handler has; undefined without the interceptor. */
export function identityOf(call: { metadata: object }): Identity | undefined {
  return identities.get(call.metadata);
}

/**
 * Lets calls with a good token pass; a handler finds who is calling by `identityOf(call)`.
 *
 * @example
 * import * as grpc from '@grpc/grpc-js';
 * const server = new grpc.Server({ interceptors: [grpcAuth(grpc, usher)] });
 */
export function grpcAuth<Call extends CallLike, Intercepting>(
  grpc: GrpcModule<Call, Intercepting>,
  usher: Usher,
  requirement: Requirement = {},
): (method: unknown, call: Call) => Intercepting {
  return (_method, call) => {
    const refuse = (code: number, details: string) => call.sendStatus({ code, details });
    // Whatever else arrives of the call waits until the metadata is passed on.
    return new grpc.ServerInterceptingCall(call, {
      start: next =>
        next({
          onReceiveMetadata(metadata, pass) {
            // Several are joined by a comma, which no credential holds.
            const header = metadata.get('authorization').map(String).join(', ');
            const decide = (verdict: Verdict) => {
              if (!verdict.valid) return refuse(rpcCodeOf(verdict), verdict.message);
              identities.set(metadata, verdict.identity);
              pass(metadata);
            };
            usher.verify(header, requirement).then(decide, error => {
              if (!(error instanceof UsherUnavailable)) {
                return refuse(rpcCodes.internal, 'internal error');
              }
              refuse(rpcCodes.unavailable, unknownText);
            });
          },
        }),
    });
  };
}
