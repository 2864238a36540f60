/** An interceptor for grpc-js servers; the service passes in its own grpc-js module. */

import { UsherUnavailable } from '../unavailable.ts';
import type { Requirement, Usher } from '../usher.ts';
import type { Verdict } from '../usher-verdict.ts';
import type { SourceOption } from './express.ts';
import { setIdentity } from './identity.ts';
import { rpcCodeOf, rpcCodes, unknownText } from './refusal.ts';

/** The used part of a call's metadata. */
interface MetadataLike {
  get(key: string): unknown[];
}

/** The used part of the module `@grpc/grpc-js`. */
export interface GrpcModule<Call, Intercepting> {
  /** The class that interceptors return. */
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

/** The used part of a call. */
interface CallLike {
  /** The address of the connection with its port, in newer releases of grpc-js. */
  getPeer?(): string;
  sendStatus(status: { code: number; details: string }): void;
}

/**
 * Lets calls with a valid token pass; handlers get the caller by `identityOf(call)`. Others end
 * with UNAUTHENTICATED, PERMISSION_DENIED, RESOURCE_EXHAUSTED or INTERNAL, or UNAVAILABLE when there is
 * no verdict. The address of the connection is the token's source, unless `source` finds another.
 *
 * @example
 * import * as grpc from '@grpc/grpc-js';
 * const server = new grpc.Server({ interceptors: [grpcAuth(grpc, usher)] });
 */
export function grpcAuth<Call extends CallLike, Intercepting>(
  grpc: GrpcModule<Call, Intercepting>,
  usher: Usher,
  requirement: Requirement = {},
  { source = peerOf }: SourceOption<Call> = {},
): (method: unknown, call: Call) => Intercepting {
  return (_method, call) => {
    const refuse = (code: number, details: string) => call.sendStatus({ code, details });
    // grpc-js holds back the rest of the call until the metadata is passed on.
    return new grpc.ServerInterceptingCall(call, {
      start: next =>
        next({
          onReceiveMetadata(metadata, pass) {
            // Repeated ones are joined by a comma, which no credential contains.
            const header = metadata.get('authorization').map(String).join(', ');
            const decide = (verdict: Verdict) => {
              if (!verdict.valid) return refuse(rpcCodeOf(verdict), verdict.message);
              setIdentity(metadata, verdict.identity);
              pass(metadata);
            };
            usher.verify(header, { ...requirement, source: source(call) }).then(decide, error => {
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

/** The peer's address without its port: grpc-js writes `192.0.2.7:5000` and `2001:db8::7:5000`. */
function peerOf(call: CallLike): string | undefined {
  return call.getPeer?.().replace(/:\d+$/, '');
}
