/**
 * The doors of gateways for the parity cases, with requests in the form that each gateway sends.
 */

import { create } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import {
  Authorization,
  CheckRequestSchema,
} from '../../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { reasons } from '../../../src/verify/verdict.ts';
import { type Answer, type Sent, send } from '../../gateways/request.ts';
import type { TestServer } from '../../server/run-server.ts';
import { askH2 } from '../http/http2.ts';
import { type Outcome, reasonOfOutcome, refusalsByText } from './case.ts';
import type { CallerHeaders, ParityDoor } from './doors.ts';

/** The doors of the gateways, for one that sends these headers with its own calls. */
export function gatewayDoors(server: TestServer, caller: CallerHeaders = []): ParityDoor[] {
  const asked = [extAuthzDoor(server, caller), forwardAuthDoor(server, caller)];
  return [
    checkDoor(server, caller),
    ...asked.map(by => by('', send)),
    ...(server.hasHttp2 ? asked.map(by => by(' by HTTP/2', sendH2)) : []),
  ];
}

/** The verdict of a refusal's body. */
export function refusalOfBody(body: string): Exclude<Outcome, 'valid'> {
  const { error, ...more } = JSON.parse(body) as { error: string };
  const outcome = refusalsByText.get(error);
  if (outcome === undefined || Object.keys(more).length > 0) throw new Error(body);
  return outcome;
}

function checkDoor({ grpc }: TestServer, caller: CallerHeaders): ParityDoor {
  const client = createClient(Authorization, createGrpcTransport({ baseUrl: `http://${grpc}` }));
  const options = { headers: new Headers(caller.map(([name, value]) => [name, value])) };
  return {
    name: "Envoy's Check",
    asksMore: true,
    async ask(headers, audience, scopes) {
      const sent: Record<string, string> =
        headers.length === 0 ? {} : { authorization: headers.join(',') };
      const request = create(CheckRequestSchema, {
        attributes: {
          contextExtensions: { audience, scopes: scopes.join(' ') },
          request: { http: { headers: sent } },
        },
      });
      const { status, httpResponse } = await client.check(request, options);
      if (status?.code === 0 && httpResponse.case === 'okResponse') return 'valid';
      if (status?.code === 0 || httpResponse.case !== 'deniedResponse')
        throw new Error('no verdict');
      const outcome = refusalOfBody(httpResponse.value.body);
      const code = httpResponse.value.status?.code;
      if (code !== reasons[reasonOfOutcome(outcome)].http)
        throw new Error(`${code} for ${outcome}`);
      return outcome;
    },
  };
}

/** Sends a request by HTTP/2. */
function sendH2(port: number, { path = '', headers = [] }: Sent = {}): Promise<Answer> {
  const sent = headers.map(([name, value]) => [name.toLowerCase(), value] as const);
  return askH2(port, path, { headers: sent }) as Promise<Answer>;
}

function extAuthzDoor(server: TestServer, caller: CallerHeaders) {
  return httpDoor(server, '/ext-authz', (audience, scopes) => ({
    path: '/ext-authz/orders?scopes=none&audience=none',
    headers: [
      ...caller,
      ['x-usher-audience', audience],
      ['x-usher-required-scopes', scopes.join(' ')],
    ],
  }));
}

function forwardAuthDoor(server: TestServer, caller: CallerHeaders) {
  return httpDoor(server, '/forward-auth', (audience, scopes) => ({
    path: `/forward-auth?${new URLSearchParams({ audience, scopes: scopes.join(' ') })}`,
    headers: caller,
  }));
}

function httpDoor(
  { http }: TestServer,
  name: string,
  asking: (audience: string, scopes: string[]) => Sent,
): (by: string, ask: typeof send) => ParityDoor {
  return (by, ask) => ({
    name: name + by,
    asksMore: true,
    async ask(headers, audience, scopes) {
      const { path = '', headers: others = [] } = asking(audience, scopes);
      const authorization = headers.map(value => ['Authorization', value] as const);
      const sent = { path, headers: [...others, ...authorization] };
      const { status, body, headers: answered } = await ask(Number(http.split(':')[1]), sent);
      if (status === 200) return 'valid';
      const outcome = refusalOfBody(body);
      const told = Number(answered['x-usher-status']);
      if (told !== reasons[reasonOfOutcome(outcome)].http)
        throw new Error(`${told} for ${outcome}`);
      return outcome;
    },
  });
}
