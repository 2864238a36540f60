/** A bare gRPC client for any service of the contract, on grpc-js. */

import type { DescMethod, MessageInitShape, MessageShape } from '@bufbuild/protobuf';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { type CallOptions, Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { StatusSchema } from '../../../src/gen/google/rpc/status_pb.ts';

export const clientOf = (port: number) =>
  new Client(`127.0.0.1:${port}`, credentials.createInsecure());

const pathOf = (method: DescMethod) => `/${method.parent.typeName}/${method.name}`;

function metadataOf(headers: Record<string, string>): Metadata {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return metadata;
}

/** One unary call. Rejects with grpc-js's ServiceError. */
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

/** A stream in both directions. */
export function bidi<M extends DescMethod>(client: Client, method: M) {
  return client.makeBidiStreamRequest(
    pathOf(method),
    (message: MessageShape<M['input']>) => Buffer.from(toBinary(method.input, message)),
    (bytes: Buffer) => fromBinary(method.output, bytes) as MessageShape<M['output']>,
  );
}

/** A stream of responses. */
export function serverStream<M extends DescMethod>(
  client: Client,
  method: M,
  request: MessageInitShape<M['input']>,
) {
  return client.makeServerStreamRequest(
    pathOf(method),
    (message: MessageShape<M['input']>) => Buffer.from(toBinary(method.input, message)),
    (bytes: Buffer) => fromBinary(method.output, bytes) as MessageShape<M['output']>,
    create(method.input, request) as MessageShape<M['input']>,
  );
}

/** The error that a call fails with. */
export async function errorOf(call: Promise<unknown>): Promise<ServiceError> {
  try {
    await call;
  } catch (error) {
    return error as ServiceError;
  }
  throw new Error('the call succeeded');
}

/** The google.rpc.Status in an error's trailer. */
export function detailsOf(error: ServiceError) {
  const [bytes] = error.metadata.get('grpc-status-details-bin');
  if (!(bytes instanceof Buffer)) throw new Error('no details');
  return fromBinary(StatusSchema, bytes);
}
