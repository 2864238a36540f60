/** A gRPC client for every service in `proto`, on grpc-js without any logic of its own. */

import type { DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type CallOptions, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { StatusSchema } from '../../../src/gen/google/rpc/status_pb.ts';

/** Opens a connection without TLS. */
export const clientOf = (port: number) =>
  new Client(`127.0.0.1:${port}`, credentials.createInsecure());

const pathOf = (method: DescMethod) => `/${method.parent.typeName}/${method.name}`;

function metadataOf(headers: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

/** Makes a unary call. Rejects with a ServiceError of grpc-js. */
export function unary<M extends DescMethod>(
  client: Client,
  method: M,
  request: MessageInitShape<M['input']>,
  headers: Record<string, string> = {},
  options: CallOptions = {},
): Promise<MessageShape<M['output']>> {
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      pathOf(method),
      (message: MessageShape<M['input']>) => Buffer.from(toBinary(method.input, message)),
      (bytes: Buffer) => fromBinary(method.output, bytes) as MessageShape<M['output']>,
      create(method.input, request) as MessageShape<M['input']>,
      metadataOf(headers),
      options,
      (error, response) => (error ? reject(error) : resolve(response as typeof response & {})),
    );
  });
}

/** Opens a bidirectional stream. */
export function bidi<M extends DescMethod>(client: Client, method: M) {
  return client.makeBidiStreamRequest(
    pathOf(method),
    (message: MessageShape<M['input']>) => Buffer.from(toBinary(method.input, message)),
    (bytes: Buffer) => fromBinary(method.output, bytes) as MessageShape<M['output']>,
  );
}

/** Opens a server stream. */
export function serverStream<M extends DescMethod>(
  client: Client,
  method: M,
  request: MessageInitShape<M['input']>,
  options: CallOptions = {},
) {
  return client.makeServerStreamRequest(
    pathOf(method),
    (message: MessageShape<M['input']>) => Buffer.from(toBinary(method.input, message)),
    (bytes: Buffer) => fromBinary(method.output, bytes) as MessageShape<M['output']>,
    create(method.input, request) as MessageShape<M['input']>,
    options,
  );
}

/** Returns the error that a call fails with; throws if it succeeds. */
export async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call succeeded');
}

/** The google.rpc.Status in the trailer of an error. */
export function detailsOf(error: ServiceError) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Buffer)) throw new Error('no details');
  return fromBinary(StatusSchema, bytes);
}
