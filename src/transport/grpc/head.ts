/** Reads the head of a request: gRPC over HTTP/2, "Requests". */

import { nameId } from '../h2/hpack/field.ts';
import type { H2Request } from '../h2/request-rules.ts';
import type { Failure } from '../rpc/failure.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import { deadlineOf, timerMsMax } from '../rpc/grpc-timeout.ts';
import { refusalHead, unknownEncodingHead } from './answers.ts';
import { type Encoding, encodingNames } from './compression.ts';
import { isGrpc, type PlainRequest } from './plain-http.ts';
import type { Route, Routes, UnaryRoute } from './routes.ts';

/** What the head of a call says. */
interface CallHead<R extends Route> {
  route: R;
  /** In milliseconds; infinite for a stream without a deadline. */
  deadlineMs: number;
  /** How messages that are compressed are. */
  encoding: Encoding;
}

/** The head of a unary call. */
export type UnaryHead = CallHead<UnaryRoute>;

/** A head that was read. */
export type Head = CallHead<Route> | RefusedHead | StrangeHead;

/** A head of gRPC that is answered at once. */
interface RefusedHead {
  /** The block of fields that is the whole answer. */
  refusal: Buffer;
}

/** A head of another protocol. Its answer waits for the end of the request, as HTTP clients expect. */
export interface StrangeHead {
  isGrpc: false;
  request: PlainRequest;
  /** How long the end may take, in milliseconds. */
  deadlineMs: number;
}

const contentTypeId = nameId('content-type');
const timeoutId = nameId('grpc-timeout');
const encodingId = nameId('grpc-encoding');

/** A stream has no deadline of the server's. */
const streamTimes = { deadlineMs: Number.POSITIVE_INFINITY, deadlineMsMax: timerMsMax };

const unknownEncoding: RefusedHead = {
  refusal: unknownEncodingHead({
    code: 'UNIMPLEMENTED',
    message: `the encoding is not one of ${encodingNames.join(', ')}`,
  }),
};
const badTimeout = refusal({ code: 'INTERNAL', message: 'grpc-timeout is malformed' });

/** Reads a head. */
export function headOf(
  { method, path, fields }: H2Request,
  routes: Routes,
  limits: Pick<GrpcLimits, 'deadlineMs' | 'deadlineMsMax' | 'lastWordMs'>,
): Head {
  let contentType = '';
  let timeout: string | undefined;
  let encoding = 'identity';
  for (const { id, value } of fields) {
    if (id === contentTypeId) contentType = value;
    else if (id === timeoutId) timeout = value;
    else if (id === encodingId) encoding = value;
  }
  const request = { method, path, contentType };
  if (!isGrpc(request)) return { isGrpc: false, request, deadlineMs: limits.lastWordMs };
  const route = routes.get(path);
  if (route === undefined) {
    return refusal({ code: 'UNIMPLEMENTED', message: `there is no method ${path}` });
  }
  const deadlineMs = route.isStreaming
    ? deadlineOf(timeout, streamTimes)
    : deadlineOf(timeout, limits);
  if (deadlineMs === undefined) return badTimeout;
  if (!isEncoding(encoding)) {
    return unknownEncoding;
  }
  return { route, deadlineMs, encoding };
}

function refusal(failure: Failure): RefusedHead {
  return { refusal: refusalHead(failure) };
}

function isEncoding(name: string): name is Encoding {
  return encodingNames.some(each => each === name);
}
