/**
 * What the gRPC listener answers to requests that are not gRPC: health checks of balancers that speak
 * HTTP/2, and what gRPC servers must refuse by its head (gRPC over HTTP/2, "Requests").
 */

import { alive, isPing, type ProbeDeps, pinged, readiness } from '../rpc/probes.ts';

/** The head of a request. */
export interface PlainRequest {
  method: string | undefined;
  path: string;
  contentType: string;
}

/** An answer in HTTP. */
export interface PlainAnswer {
  /** The HTTP status. */
  status: number;
  /** Names in lower case, and values. */
  headers: readonly (readonly [name: string, value: string])[];
  /** The JSON body; "" for none. */
  body: string;
}

/** gRPC with Protobuf; parameters are allowed, and media types have no case (RFC 9110 section 8.3.1). */
const grpcType = /^[ \t]*application\/grpc(?:\+proto)?[ \t]*(?:;|$)/i;

/** Whether a request is gRPC by its head. */
export function isGrpc({ method, contentType }: PlainRequest): boolean {
  return method === 'POST' && grpcType.test(contentType);
}

/** The answer to a request that is not gRPC. */
export function plainAnswer(request: PlainRequest, probes: ProbeDeps): PlainAnswer {
  const whole = wholeAnswer(request, probes);
  return request.method === 'HEAD' ? { ...whole, body: '' } : whole;
}

function wholeAnswer({ method, path }: PlainRequest, probes: ProbeDeps): PlainAnswer {
  if (method === 'POST') {
    const accepted = ['accept-post', 'application/grpc, application/grpc+proto'] as const;
    return refusal(415, 'content type is not application/grpc', accepted);
  }
  if (isPing(method, path)) {
    const { status, value } = pinged(probes);
    return answer(status, value, ['allow', 'GET, HEAD, POST, OPTIONS']);
  }
  const [plainPath] = path.split('?');
  const isProbe = plainPath === '/healthz' || plainPath === '/readyz';
  if (!isProbe) return refusal(405, 'method not allowed: gRPC has POST', ['allow', 'POST']);
  if (method !== 'GET' && method !== 'HEAD') {
    return refusal(405, 'method not allowed', ['allow', 'GET, HEAD']);
  }
  const { status, value } = plainPath === '/healthz' ? alive : readiness(probes);
  return answer(status, value);
}

type Header = readonly [name: string, value: string];

function refusal(status: number, error: string, header: Header): PlainAnswer {
  return answer(status, { error }, header);
}

function answer(status: number, value: object | undefined, ...others: Header[]): PlainAnswer {
  const body = value === undefined ? '' : JSON.stringify(value);
  const headers: Header[] = [['cache-control', 'no-store'], ...others];
  if (body !== '') {
    headers.push(['content-type', 'application/json']);
    headers.push(['content-length', String(Buffer.byteLength(body))]);
  }
  return { status, headers, body };
}
