/** Clients for the API of a running server. */

import type { DescService } from '@bufbuild/protobuf';
import { type Client, createClient, type Interceptor, type Transport } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import { createConnectTransport } from '@connectrpc/connect-web';
import { AccessTokenService } from '../../src/gen/usher/v1/access_token_pb.ts';
import type { TestServer } from './run-server.ts';

/** A client over Connect that sends an Authorization header with every call. */
export function clientOf<S extends DescService>(
  service: S,
  address: string,
  authorization: string,
): Client<S> {
  return createClient(service, transportOf(address, authorization));
}

/** A client of the API Manager's API, with the admin token. */
export function adminOf({ manager, adminToken }: Pick<TestServer, 'manager' | 'adminToken'>) {
  return clientOf(AccessTokenService, manager, adminToken);
}

/** The same over gRPC. */
export function overGrpc<S extends DescService>(
  service: S,
  address: string,
  authorization: string,
): Client<S> {
  const interceptors = [withAuthorization(authorization)];
  return createClient(service, createGrpcTransport({ baseUrl: `http://${address}`, interceptors }));
}

function withAuthorization(authorization: string): Interceptor {
  return next => request => {
    request.header.set('authorization', authorization);
    return next(request);
  };
}

function transportOf(address: string, authorization: string): Transport {
  return createConnectTransport({
    baseUrl: `http://${address}`,
    interceptors: [withAuthorization(authorization)],
  });
}
