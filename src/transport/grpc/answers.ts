/** The HTTP/2 side of answers: gRPC over HTTP/2, "Responses". */

import { encode } from '../codec/encode.ts';
import { cached, type Encode, framed } from '../codec/encoded-cache.ts';
import { encodeFields, type PlainField } from '../h2/hpack/encoder.ts';
import { prepareAnswer } from '../h2/prepared-answer.ts';
import type { Failure } from '../rpc/failure.ts';
import { requestIdHeader } from '../rpc/request-id.ts';
import { codes } from '../rpc/rpc-error.ts';
import { statusDetails } from '../rpc/status-details.ts';
import { encodingNames } from './compression.ts';

const head: readonly PlainField[] = [
  [':status', '200'],
  ['content-type', 'application/grpc+proto'],
];
const accepted: PlainField = ['grpc-accept-encoding', encodingNames.join(',')];

/** HEADERS of an answer with messages. */
export const responseHead = encodeFields(head);
/** The same with the id of the request. */
export function responseHeadWith(requestId: string): Buffer {
  return encodeFields([...head, [requestIdHeader, requestId]]);
}
/** Trailers of a call that succeeded. */
export const okTrailers = encodeFields([['grpc-status', '0']]);

/**
 * The answer of a unary call with this message, cached for messages that are sent again; of a long one
 * the pieces of its Length-Prefixed-Message.
 */
export const answerOf = cached((schema, message, encodeNow: Encode) => {
  const pieces = framed(schema, message, encodeNow);
  const [first, ...others] = pieces;
  if (first === undefined || others.length > 0) return pieces;
  return prepareAnswer(responseHead, first, okTrailers);
});

/** Encodes a message for `answerOf`. */
export const encodeMessage: Encode = encode;

/** HEADERS of an answer without messages ("Trailers-Only"). */
export function refusalHead(failure: Failure): Buffer {
  return encodeFields([...head, ...statusFields(failure)]);
}

/** The same for an encoding that this server does not have; it names those that it has. */
export function unknownEncodingHead(failure: Failure): Buffer {
  return encodeFields([...head, ...statusFields(failure), accepted]);
}

/** Trailers that end an answer with an error. */
export function errorTrailers(failure: Failure): Buffer {
  return encodeFields(statusFields(failure));
}

function statusFields(failure: Failure): PlainField[] {
  const { code, message, requestId } = failure;
  const fields: PlainField[] = [['grpc-status', String(codes[code])]];
  // encodeURI throws for a lone surrogate.
  if (message !== '') fields.push(['grpc-message', encodeURI(message.toWellFormed())]);
  if (requestId !== undefined) fields.push([requestIdHeader, requestId]);
  const details = statusDetails(failure);
  if (details) fields.push(['grpc-status-details-bin', details.toString('base64')]);
  return fields;
}
