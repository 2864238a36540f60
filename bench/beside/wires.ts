/** How each wire asks about a header: one question by hand, and a load of them. */

import { once } from 'node:events';
import { connect } from 'node:http2';
import { buffer } from 'node:stream/consumers';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { CheckResponseSchema } from '../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { VerifyRequestSchema, VerifyResponseSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { grpcFrame, type Load } from '../load.ts';
import { checkRequest } from '../transport/doors.ts';
import type { Running, Wire } from './peer.ts';

/** The answer to one question. */
interface Answer {
  valid: boolean;
  /** Size of its body. */
  bytes: number;
}

/** A wire. */
interface Ways {
  /** As the table names it. */
  title: string;
  ask(peer: Running, header: string): Promise<Answer>;
  load(peer: Running, header: string): Load;
}

const verifyPath = '/usher.v1.VerifierService/Verify';
const checkPath = '/envoy.service.auth.v3.Authorization/Check';
const grpc = { 'content-type': 'application/grpc', te: 'trailers' };
const json = { 'content-type': 'application/json' };

/** Few connections that are busy, as gateways and services keep them. */
const overHttp2 = { connections: 2, streams: 16, calls: 40_000 };
const overHttp1 = { connections: 32, calls: 20_000 };

const verifyRequest = (header: string) =>
  toBinary(VerifyRequestSchema, create(VerifyRequestSchema, { header }));

const get: Omit<Ways, 'title'> = {
  async ask({ address, path = '/' }, header) {
    const answer = await fetch(`http://${address}${path}`, { headers: { authorization: header } });
    const body = await answer.arrayBuffer();
    if (![200, 401, 403].includes(answer.status)) throw new Error(`answered ${answer.status}`);
    return { valid: answer.status === 200, bytes: body.byteLength };
  },
  load: ({ address, path = '/' }, header) => ({
    url: `http://${address}${path}`,
    headers: { authorization: header },
    ...overHttp1,
  }),
};

/** All wires. */
export const wires: Record<Wire, Ways> = {
  grpc: {
    title: 'gRPC Verify',
    async ask({ address }, header) {
      const body = await call(address, verifyPath, verifyRequest(header));
      const { valid } = fromBinary(VerifyResponseSchema, body.subarray(5));
      return { valid, bytes: body.length };
    },
    load: ({ address }, header) => ({
      url: `http://${address}${verifyPath}`,
      headers: grpc,
      body: grpcFrame(verifyRequest(header)),
      ...overHttp2,
    }),
  },
  connect: {
    title: 'Connect JSON Verify',
    async ask({ address }, header) {
      const body = JSON.stringify({ header });
      const init = { method: 'POST', headers: json, body };
      const answer = await fetch(`http://${address}${verifyPath}`, init);
      const text = await answer.text();
      if (!answer.ok) throw new Error(`answered ${answer.status}: ${text}`);
      const { valid = false } = JSON.parse(text) as { valid?: boolean };
      return { valid, bytes: Buffer.byteLength(text) };
    },
    load: ({ address }, header) => ({
      url: `http://${address}${verifyPath}`,
      headers: json,
      body: Buffer.from(JSON.stringify({ header })),
      ...overHttp1,
    }),
  },
  check: {
    title: "Envoy's Check",
    async ask({ address }, header) {
      const body = await call(address, checkPath, checkRequest(header));
      const { status } = fromBinary(CheckResponseSchema, body.subarray(5));
      return { valid: (status?.code ?? 0) === 0, bytes: body.length };
    },
    load: ({ address }, header) => ({
      url: `http://${address}${checkPath}`,
      headers: grpc,
      body: grpcFrame(checkRequest(header)),
      ...overHttp2,
    }),
  },
  http: { title: 'GET, HTTP/1.1', ...get },
  gateway: { title: 'GET through a gateway', ...get },
};

/** Makes one gRPC call; the answer is its message with the prefix. Throws on an error. */
async function call(address: string, path: string, message: Uint8Array): Promise<Buffer> {
  const session = connect(`http://${address}`);
  try {
    const stream = session.request({ ':method': 'POST', ':path': path, ...grpc });
    let status: unknown;
    stream.on('response', head => {
      status ??= head['grpc-status'];
    });
    stream.on('trailers', head => {
      status ??= head['grpc-status'];
    });
    stream.end(grpcFrame(message));
    const closed = once(stream, 'close');
    const body = await buffer(stream);
    await closed;
    if (Number(status) !== 0) throw new Error(`${path} ended with status ${String(status)}`);
    return body;
  } finally {
    session.close();
  }
}
