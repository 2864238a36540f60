/** Reads the head of a request: gRPC over HTTP/2, "Requests". */

import { nameId } from '../h2/hpack/field.ts';
import type { H2Request } from '../h2/request-rules.ts';
import type { Failure } from '../rpc/failure.ts';
import type { GrpcLimits } from '../rpc/grpc-limits.ts';
import { deadlineOf, timerMsMax } from '../rpc/grpc-timeout.ts';
import { requestIdHeader, requestIdOf } from '../rpc/request-id.ts';
import type { CodeName } from '../rpc/rpc-error.ts';
import { refusalHead, unknownEncodingHead } from './answers.ts';
import { type Encoding, encodingNames } from './compression.ts';
import { isGrpc, type PlainRequest } from './plain-http.ts';
import type { Route, Routes, UnaryRoute } from './routes.ts';

/** What the head of a call says. */
interface CallHead<R extends Route> {
  route: R;
  /** What finds the call again, as its fields have it. */
  marks: SentMarks;
  /** In milliseconds; infinite for a stream without a deadline. */
  deadlineMs: number;
  /** How messages that are compressed are. */
  encoding: Encoding;
}

/** The head of a unary call. */
export type UnaryHead = CallHead<UnaryRoute>;

/** The fields by which callers find a call again; undefined without one. */
export interface SentMarks {
  traceparent: string | undefined;
  tracestate: string | undefined;
  requestId: string | undefined;
}

/** A head that was read. */
export type Head = CallHead<Route> | RefusedHead | StrangeHead;

/** A head of gRPC that is answered at once. */
export interface RefusedHead {
  /** The block of fields that is the whole answer. */
  refusal: Buffer;
  /** Its status, and the id in it. */
  code: CodeName;
  requestId: string | undefined;
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
const traceparentId = nameId('traceparent');
const tracestateId = nameId('tracestate');
const requestIdId = nameId(requestIdHeader);

/** A stream has no deadline of the server's. */
const streamTimes = { deadlineMs: Number.POSITIVE_INFINITY, deadlineMsMax: timerMsMax };

const unknownEncoding: Failure = {
  code: 'UNIMPLEMENTED',
  message: `the encoding is not one of ${encodingNames.join(', ')}`,
};
/** Without the path: a table of HPACK makes a few bytes of it, and the answer would have all. */
const noMethod: Failure = { code: 'UNIMPLEMENTED', message: 'there is no such method' };
const badTimeout: Failure = { code: 'INTERNAL', message: 'grpc-timeout is malformed' };

/** Reads a head. */
export function headOf(
  { method, path, fields }: H2Request,
  routes: Routes,
  limits: Pick<GrpcLimits, 'deadlineMs' | 'deadlineMsMax' | 'lastWordMs'>,
): Head {
  let contentType = '';
  let timeout: string | undefined;
  let encoding = 'identity';
  const marks = { ...noMarks };
  for (const { id, value } of fields) {
    if (id === contentTypeId) contentType = value;
    else if (id === timeoutId) timeout = value;
    else if (id === encodingId) encoding = value;
    else if (id === traceparentId) marks.traceparent = joined(marks.traceparent, value);
    else if (id === tracestateId) marks.tracestate = joined(marks.tracestate, value);
    else if (id === requestIdId) marks.requestId = joined(marks.requestId, value);
  }
  const request = { method, path, contentType };
  if (!isGrpc(request)) return { isGrpc: false, request, deadlineMs: limits.lastWordMs };
  const route = routes.get(path);
  if (route === undefined) return refusal(noMethod, marks);
  const deadlineMs = route.isStreaming
    ? deadlineOf(timeout, streamTimes)
    : deadlineOf(timeout, limits);
  if (deadlineMs === undefined) return refusal(badTimeout, marks);
  if (!isEncoding(encoding)) return refusal(unknownEncoding, marks, unknownEncodingHead);
  return { route, deadlineMs, encoding, marks };
}

const noMarks: SentMarks = { traceparent: undefined, tracestate: undefined, requestId: undefined };

/** A list of values, as one field would hold it. */
function joined(before: string | undefined, value: string): string {
  return before === undefined ? value : `${before},${value}`;
}

function refusal(failure: Failure, marks: SentMarks, encode = refusalHead): RefusedHead {
  const requestId = requestIdOf(marks.requestId);
  const { code } = failure;
  const told = requestId === undefined ? failure : { ...failure, requestId };
  return { refusal: encode(told), code, requestId };
}

function isEncoding(name: string): name is Encoding {
  return encodingNames.some(each => each === name);
}
