/** The id and the line in the access log of a grpc-js call. */

import { randomUUID } from 'node:crypto';
import type { DescMethod } from '@bufbuild/protobuf';
import { Metadata } from '@grpc/grpc-js';
import { type Access, type AccessLog, accessOf } from '../rpc/access-log.ts';
import type { Call } from '../rpc/call.ts';
import { requestIdHeader } from '../rpc/request-id.ts';

/** Begins to observe a call; the returned function is to be called once, with its status. */
export function observeCall(
  access: AccessLog | undefined,
  { parent, name }: DescMethod,
  call: Call,
): (status: Access['status']) => void {
  if (!access?.isOn) return () => undefined;
  const beganMs = performance.now();
  call.requestId ??= randomUUID();
  // grpc-js does not know the peer of a call that is over.
  const { door, peer } = call;
  const seen = { door, peer, header: (header: string) => call.header(header) };
  return status =>
    access.write(accessOf(access, seen, `/${parent.typeName}/${name}`, status, beganMs), call);
}

/** Sends the id of a call, if it has one, before its first message. */
export function sendId(
  { requestId }: Pick<Call, 'requestId'>,
  stream: { sendMetadata(metadata: Metadata): void },
): void {
  if (requestId === undefined) return;
  const metadata = new Metadata();
  metadata.set(requestIdHeader, requestId);
  stream.sendMetadata(metadata);
}
