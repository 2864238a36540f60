/** Calls of Hello and Verify that a test can bend, on a raw connection. */

import { create, toBinary } from '@bufbuild/protobuf';
import { VerifyRequestSchema } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { type RawAnswer, type RawHeaders, rawRequest } from './raw-request.ts';

/** The path in front of the name of a method. */
export const service = '/usher.v1.VerifierService/';

/** A Length-Prefixed-Message. */
export function frame(body: Buffer, compressed = 0): Buffer {
  const head = Buffer.alloc(5);
  head.writeUInt8(compressed);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

/** A request of Verify about a good token. */
export const verifying = Buffer.from(
  toBinary(VerifyRequestSchema, create(VerifyRequestSchema, { header: 'good' })),
);

/** What differs from a plain call of Hello. */
export interface Sent {
  method?: string;
  path?: string;
  type?: string | undefined;
  others?: RawHeaders;
  body?: Buffer | undefined;
}

/** Calls Hello with a good token, unless told otherwise. */
export function callAt(address: string, sent: Sent = {}): Promise<RawAnswer> {
  const { method = 'POST', path = `${service}Hello`, others = [] } = sent;
  const type = 'type' in sent ? sent.type : 'application/grpc';
  const headers: RawHeaders = [
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', address],
    ...(type === undefined ? [] : [['content-type', type] as const]),
    ['te', 'trailers'],
    ['authorization', 'good'],
    ...others,
  ];
  return rawRequest(address, headers, 'body' in sent ? sent.body : frame(Buffer.alloc(0)));
}
