/** The HTTP/2 side of answers: gRPC over HTTP/2, "Responses". */

import { encode } from '../codec/encode.ts';
import { cached, type Encode, framed } from '../codec/encoded-cache.ts';
import { encodeFields, type PlainField } from '../h2/hpack/encoder.ts';
import { type PreparedAnswer, prepareAnswer } from '../h2/prepared-answer.ts';
import type { Failure } from '../rpc/failure.ts';
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
/** Trailers of a call that succeeded. */
export const okTrailers = encodeFields([['grpc-status', '0']]);

/** The answer of a unary call with this message, cached for messages that are sent again. */
export const answerOf = cached((schema, message, encodeNow: Encode) =>
  prepareAnswer(responseHead, framed(encodeNow(schema, message)), okTrailers),
);

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

const notGrpcText = Buffer.from('{"error":"this is the gRPC port: it speaks gRPC only"}\n');

/** The answer to a request that is none of gRPC, with a status of HTTP. */
export function notGrpc(status: number, field: PlainField): PreparedAnswer {
  const head = encodeFields([
    [':status', String(status)],
    ['content-type', 'application/json'],
    ['content-length', String(notGrpcText.length)],
    field,
  ]);
  return prepareAnswer(head, notGrpcText);
}

function statusFields({ code, message, denial }: Failure): PlainField[] {
  const fields: PlainField[] = [['grpc-status', String(codes[code])]];
  // encodeURI throws for a lone surrogate.
  if (message !== '') fields.push(['grpc-message', encodeURI(message.toWellFormed())]);
  if (denial !== undefined) {
    const details = statusDetails({ code, message }, denial).toString('base64');
    fields.push(['grpc-status-details-bin', details]);
  }
  return fields;
}
