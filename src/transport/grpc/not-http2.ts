/** The answer of the gRPC port to a peer that speaks HTTP/1. */

const body = '{"error":"this is the gRPC port: it speaks HTTP/2 only"}\n';

/** A whole answer of HTTP/1.1. */
export const notHttp2 = [
  'HTTP/1.1 400 Bad Request',
  'Content-Type: application/json',
  `Content-Length: ${body.length}`,
  'Connection: close',
  '',
  body,
].join('\r\n');
