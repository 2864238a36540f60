/** The same bytes of an Authorization header at every door, and the verdict of each. */

import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { create } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import {
  Authorization,
  CheckRequestSchema,
} from '../../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import type { TestServer } from '../../server/run-server.ts';
import { rawRequest } from '../grpc/raw-request.ts';

/** The verdict; "refused" where a door tells no reason, or the bytes are no header at all. */
type Outcome = 'valid' | 'refused' | Reason;

/** A door, which is asked with the values of the header's lines, as Latin-1. */
export interface ByteDoor {
  name: string;
  ask(values: readonly string[]): Promise<Outcome>;
}

/** All doors. */
export function byteDoors(server: TestServer): ByteDoor[] {
  const { http, manager } = server;
  return [
    http1('GET /', http, 'GET /'),
    http1('/forward-auth', http, 'GET /forward-auth'),
    http1('/ext-authz', http, 'GET /ext-authz/orders'),
    http1('Connect JSON', http, `POST ${hello}`, 'application/json', '{}'),
    http1('Connect proto', http, `POST ${hello}`, 'application/proto', ''),
    http1('gRPC-Web', http, `POST ${hello}`, 'application/grpc-web+proto', emptyFrame),
    http1('the manager', manager, `POST ${hello}`, 'application/json', '{}'),
    http1('the administrative API', manager, `POST ${list}`, 'application/json', '{}'),
    http1('a caller of introspection', http, introspection, form, 'token=x'),
    { name: 'gRPC', ask: values => askGrpc(server, values) },
    verifyDoor(server),
    checkDoor(server, 'in a map', values => ({
      headers: values.length === 0 ? {} : { authorization: values.join(',') },
    })),
    checkDoor(server, 'in a list', values => ({
      headerMap: { headers: values.map(value => ({ key: 'authorization', value })) },
    })),
    checkDoor(server, 'in a list of raw values', values => ({
      headerMap: {
        headers: values.map(value => ({
          key: 'Authorization',
          rawValue: Uint8Array.from(Buffer.from(value, 'latin1')),
        })),
      },
    })),
  ];
}

const hello = '/usher.v1.VerifierService/Hello';
const list = '/usher.v1.AccessTokenService/List';
const introspection = 'POST /oauth2/introspect';
const form = 'application/x-www-form-urlencoded';
const emptyFrame = '\0\0\0\0\0';

const byText = new Map(Object.entries(reasons).map(([name, each]) => [each.text, name as Reason]));

/** The reason whose text an answer holds. */
function reasonIn(answer: string): Outcome {
  const found = [...byText].find(([words]) => answer.includes(words));
  return found === undefined ? 'refused' : found[1];
}

function http1(name: string, address: string, line: string, type?: string, body = ''): ByteDoor {
  return {
    name,
    async ask(values) {
      const content = type === undefined ? [] : [`Content-Type: ${type}`];
      const head = [
        `${line} HTTP/1.1`,
        `Host: ${address}`,
        'Connection: close',
        ...content,
        ...(type === undefined ? [] : [`Content-Length: ${body.length}`]),
        ...values.map(value => `Authorization: ${value}`),
      ];
      const [host, port] = address.split(':');
      const socket = connect(Number(port), host);
      socket.write(`${head.join('\r\n')}\r\n\r\n${body}`, 'latin1');
      const answer = decodeURIComponent(await text(socket).then(all => all.replaceAll('%', '%25')));
      const plain = answer.replaceAll('%20', ' ').replaceAll('%27', "'");
      if (!answer.startsWith('HTTP/1.1 200 ')) return reasonIn(plain);
      return /grpc-status: [^0]/.test(answer) ? reasonIn(plain) : 'valid';
    },
  };
}

/** Calls Hello over gRPC with these values. */
async function askGrpc({ grpc }: TestServer, values: readonly string[]): Promise<Outcome> {
  const answer = rawRequest(
    grpc,
    [
      [':method', 'POST'],
      [':path', hello],
      [':scheme', 'http'],
      [':authority', grpc],
      ['content-type', 'application/grpc'],
      ['te', 'trailers'],
      ...values.map(value => ['authorization', value] as const),
    ],
    Buffer.alloc(5),
  );
  const headers = await answer.then(
    each => each.headers,
    // RFC 9113 section 8.2.1: a stream whose header is malformed is reset.
    () => undefined,
  );
  if (headers === undefined) return 'refused';
  if (headers['grpc-status'] === '0') return 'valid';
  return reasonIn(decodeURIComponent(headers['grpc-message'] ?? ''));
}

/** Verify takes the value that a service found in the header of its own caller. */
function verifyDoor({ http }: TestServer): ByteDoor {
  return {
    name: 'the header in a message',
    async ask(values) {
      const response = await fetch(`http://${http}/usher.v1.VerifierService/Verify`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ header: values.join(', ') }),
      });
      const { valid = false, reason } = (await response.json()) as {
        valid?: boolean;
        reason?: Reason;
      };
      return valid ? 'valid' : (reason ?? 'refused');
    },
  };
}

/** The parts of Envoy's HttpRequest that hold headers. */
interface HttpInit {
  headers?: Record<string, string>;
  headerMap?: { headers: { key: string; value?: string; rawValue?: Uint8Array<ArrayBuffer> }[] };
}

function checkDoor(
  { grpc }: TestServer,
  name: string,
  httpOf: (values: readonly string[]) => HttpInit,
): ByteDoor {
  const client = createClient(Authorization, createGrpcTransport({ baseUrl: `http://${grpc}` }));
  return {
    name: `Envoy's Check, ${name}`,
    async ask(values) {
      const request = create(CheckRequestSchema, {
        attributes: { request: { http: httpOf(values) } },
      });
      const { status, httpResponse } = await client.check(request);
      if (status?.code === 0) return 'valid';
      return reasonIn(httpResponse.case === 'deniedResponse' ? httpResponse.value.body : '');
    },
  };
}
