/** A service on grpc-js that requires tokens. Its messages are JSON, which needs no proto file. */

import * as grpc from '@grpc/grpc-js';
import {
  greeting,
  grpcAuth,
  identityOf,
  type Requirement,
  type Usher,
} from '../../../../src/client/node.ts';

const serialize = (value: unknown) => Buffer.from(JSON.stringify(value));
const deserialize = (bytes: Buffer): unknown => JSON.parse(bytes.toString());
const method = (path: string) => ({
  path,
  requestStream: false as const,
  responseStream: false as const,
  requestSerialize: serialize,
  requestDeserialize: deserialize,
  responseSerialize: serialize,
  responseDeserialize: deserialize,
});

/** Its methods. */
export const shop = { hello: method('/shop.Shop/Hello'), whoAmI: method('/shop.Shop/WhoAmI') };

/** Creates the service. */
export function grpcService(usher: Usher, requirement: Requirement = {}): grpc.Server {
  const server = new grpc.Server({ interceptors: [grpcAuth(grpc, usher, requirement)] });
  const hello: grpc.handleUnaryCall<unknown, unknown> = (_call, answer) => answer(null, greeting());
  const whoAmI: grpc.handleUnaryCall<unknown, unknown> = (call, answer) => {
    answer(null, { owner: identityOf(call).owner });
  };
  server.addService(shop, { hello, whoAmI });
  return server;
}
