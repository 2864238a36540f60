/** The doors for the parity cases, each with its verdict in the same form. */

import { request } from 'node:http';
import { text } from 'node:stream/consumers';
import {
  Code,
  ConnectError,
  createClient,
  type Interceptor,
  type Transport,
} from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import {
  DenialSchema,
  Reason as ReasonCode,
  VerifierService,
} from '../../../src/gen/usher/v1/verifier_pb.ts';
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import { adminOf } from '../../server/api.ts';
import type { TestServer } from '../../server/run-server.ts';
import { askH2 } from '../http/http2.ts';
import { type Outcome, reasonOfOutcome, refusalsByText } from './case.ts';
import { gatewayDoors } from './gateway-doors.ts';

/** A door, which is asked with one or more Authorization headers, or none. */
export interface ParityDoor {
  name: string;
  /** Whether an audience and scopes can be asked for. */
  asksMore: boolean;
  ask(headers: string[], audience: string, requiredScopes: string[]): Promise<Outcome>;
}

/** Headers by which a caller of Verify, or a gateway, shows who it is. */
export type CallerHeaders = readonly (readonly [name: string, value: string])[];

/** All doors of a server, for a caller that sends these headers with its own calls. */
export function parityDoors(server: TestServer, caller: CallerHeaders = []): ParityDoor[] {
  const interceptors = [withHeaders(caller)];
  const http = { baseUrl: `http://${server.http}`, httpVersion: '1.1' as const, interceptors };
  const http2 = { ...http, httpVersion: '2' as const };
  const manager = { baseUrl: `http://${server.manager}` };
  const asAdmin = [withHeaders([['authorization', server.adminToken]])];
  const transports: [string, Transport, Transport?][] = [
    ['gRPC', createGrpcTransport({ baseUrl: `http://${server.grpc}`, interceptors })],
    ['Connect JSON', createConnectTransport({ ...http, useBinaryFormat: false })],
    ['Connect proto', createConnectTransport({ ...http, useBinaryFormat: true })],
    ['gRPC-Web', createGrpcWebTransport(http)],
  ];
  const overHttp2: typeof transports = [
    ['Connect JSON by HTTP/2', createConnectTransport({ ...http2, useBinaryFormat: false })],
    ['Connect proto by HTTP/2', createConnectTransport({ ...http2, useBinaryFormat: true })],
    ['gRPC-Web by HTTP/2', createGrpcWebTransport(http2)],
    ['gRPC on the HTTP port', createGrpcTransport(http2)],
    [
      'gRPC on the manager port',
      createGrpcTransport({ ...manager, interceptors: asAdmin }),
      createGrpcTransport(manager),
    ],
  ];
  const all = server.hasHttp2 ? [...transports, ...overHttp2] : transports;
  const root2 = rootDoor('GET / by HTTP/2', headers => get2(server.http, headers));
  return [
    ...all.flatMap(([name, transport, forHello = transport]) => [
      verifyDoor(name, transport),
      helloDoor(name, forHello),
    ]),
    rootDoor('GET /', headers => get(server.http, headers)),
    ...(server.hasHttp2 ? [root2] : []),
    explainDoor(server),
    ...gatewayDoors(server, caller),
  ];
}

/** Sends headers with every call. */
export function withHeaders(headers: CallerHeaders): Interceptor {
  return next => request => {
    for (const [name, value] of headers) request.header.set(name, value);
    return next(request);
  };
}

function reasonOf(code: ReasonCode): Reason | 'NONE' {
  const [name] = Object.entries(ReasonCode).find(([, value]) => value === code) ?? [];
  if (name === undefined) throw new Error(`an unknown reason: ${code}`);
  return name as Reason | 'NONE';
}

function verifyDoor(name: string, transport: Transport): ParityDoor {
  const client = createClient(VerifierService, transport);
  return {
    name: `Verify over ${name}`,
    asksMore: true,
    async ask(headers, audience, requiredScopes) {
      const header = headers.join(', ');
      const response = await client.verify({ header, audience, requiredScopes });
      const { valid, httpStatus, message } = response;
      const reason = reasonOf(response.reason);
      if (valid !== (reason === 'NONE')) throw new Error(`valid ${valid} with ${reason}`);
      if (reason === 'NONE') {
        if (httpStatus !== 200) throw new Error(`valid with status ${httpStatus}`);
        return 'valid';
      }
      return refusal(reason, httpStatus, message);
    },
  };
}

function refusal(reason: Reason, httpStatus: number, message: string): Outcome {
  const outcome = refusalsByText.get(message);
  const isRight =
    outcome !== undefined &&
    reasonOfOutcome(outcome) === reason &&
    reasons[reason].http === httpStatus;
  if (!isRight) throw new Error(`${reason} ${httpStatus} ${message}`);
  return outcome;
}

function helloDoor(name: string, transport: Transport): ParityDoor {
  const client = createClient(VerifierService, transport);
  return {
    name: `Hello over ${name}`,
    asksMore: false,
    async ask(headers) {
      const sent = new Headers();
      for (const value of headers) sent.append('authorization', value);
      try {
        const { message, time } = await client.hello({}, { headers: sent });
        if (message !== 'Oh, Hello' || !/^[\d-]{10}T[\d:]{8}Z$/.test(time)) throw new Error(time);
        return 'valid';
      } catch (error) {
        if (!(error instanceof ConnectError)) throw error;
        const [denial] = error.findDetails(DenialSchema);
        if (denial === undefined) throw error;
        const reason = reasonOf(denial.reason);
        if (reason === 'NONE') throw error;
        const code = Code[error.code].replace(/(?!^)[A-Z]/g, '_$&').toUpperCase();
        if (code !== reasons[reason].grpc || error.rawMessage !== denial.message) throw error;
        return refusal(reason, denial.httpStatus, denial.message);
      }
    },
  };
}

/** Explain decides as Verify does, and its steps end where the decision did. */
function explainDoor(server: TestServer): ParityDoor {
  const client = adminOf(server);
  return {
    name: 'Explain',
    asksMore: true,
    async ask(headers, audience, requiredScopes) {
      const header = headers.join(', ');
      const explained = await client.explain({ header, audience, requiredScopes });
      const { valid, reason, httpStatus, message, steps } = explained;
      const failed = steps.filter(({ passed }) => !passed);
      const isLast = failed[0] === steps.at(-1);
      if (failed.length !== (valid ? 0 : 1) || (!valid && !isLast)) {
        throw new Error(`${failed.length} of ${steps.length} steps failed`);
      }
      const told = JSON.stringify(steps.map(({ detail }) => detail));
      const parts = header.split(/[ ,.]+/).filter(part => part.length > 8);
      if (parts.some(part => told.includes(part))) throw new Error('a step holds the token');
      return valid ? 'valid' : refusal(reason as Reason, httpStatus, message);
    },
  };
}

function rootDoor(name: string, ask: (headers: string[]) => Promise<string>): ParityDoor {
  const byAnswer = new Map<string, Outcome>();
  for (const [words, outcome] of refusalsByText) {
    byAnswer.set(`${reasons[reasonOfOutcome(outcome)].http} {"error":"${words}"}`, outcome);
  }
  return {
    name,
    asksMore: false,
    async ask(headers) {
      const answer = await ask(headers);
      if (/^200 \{"message":"Oh, Hello","time":"[\d-]{10}T[\d:]{8}Z"\}$/.test(answer))
        return 'valid';
      const outcome = byAnswer.get(answer);
      if (outcome === undefined) throw new Error(answer);
      return outcome;
    },
  };
}

async function get2(address: string, headers: string[]): Promise<string> {
  const sent = headers.map(value => ['authorization', value] as const);
  const { status, body } = await askH2(Number(address.split(':')[1]), '/', { headers: sent });
  return `${status} ${body}`;
}

function get(address: string, headers: string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>();
  // As a flat list, names may repeat: each becomes a header line of its own.
  const lines = ['Host', address, ...headers.flatMap(value => ['Authorization', value])];
  const [host, port] = address.split(':');
  request({ host, port, path: '/', headers: lines as never }, response => {
    text(response).then(body => resolve(`${response.statusCode} ${body}`), reject);
  })
    .on('error', reject)
    .end();
  return promise;
}
