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
import { type Reason, reasons } from '../../../src/verify/verdict.ts';
import { type Sent, send } from '../../gateways/request.ts';
import type { TestServer } from '../../server/run-server.ts';
import type { ParityDoor } from './doors.ts';

/** The doors of the gateways. */
export function gatewayDoors(server: TestServer): ParityDoor[] {
  return [checkDoor(server), extAuthzDoor(server), forwardAuthDoor(server)];
}

/** The verdict of a refusal's body. */
export function reasonOfBody(body: string): Reason {
  const found = Object.entries(reasons).find(
    ([, { text }]) => body === JSON.stringify({ error: text }),
  );
  if (!found) throw new Error(body);
  return found[0] as Reason;
}

function checkDoor({ grpc }: TestServer): ParityDoor {
  const client = createClient(Authorization, createGrpcTransport({ baseUrl: `http://${grpc}` }));
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
      const { status, httpResponse } = await client.check(request);
      if (status?.code === 0 && httpResponse.case === 'okResponse') return 'valid';
      if (status?.code === 0 || httpResponse.case !== 'deniedResponse')
        throw new Error('no verdict');
      const reason = reasonOfBody(httpResponse.value.body);
      const code = httpResponse.value.status?.code;
      if (code !== reasons[reason].http) throw new Error(`${code} for ${reason}`);
      return reason;
    },
  };
}

function extAuthzDoor(server: TestServer): ParityDoor {
  return httpDoor(server, '/ext-authz', (audience, scopes) => ({
    path: '/ext-authz/orders?scopes=none&audience=none',
    headers: [
      ['x-usher-audience', audience],
      ['x-usher-required-scopes', scopes.join(' ')],
    ],
  }));
}

function forwardAuthDoor(server: TestServer): ParityDoor {
  return httpDoor(server, '/forward-auth', (audience, scopes) => ({
    path: `/forward-auth?${new URLSearchParams({ audience, scopes: scopes.join(' ') })}`,
  }));
}

function httpDoor(
  { http }: TestServer,
  name: string,
  asking: (audience: string, scopes: string[]) => Sent,
): ParityDoor {
  return {
    name,
    asksMore: true,
    async ask(headers, audience, scopes) {
      const { path = '', headers: others = [] } = asking(audience, scopes);
      const authorization = headers.map(value => ['Authorization', value] as const);
      const sent = { path, headers: [...others, ...authorization] };
      const { status, body, headers: answered } = await send(Number(http.split(':')[1]), sent);
      if (status === 200) return 'valid';
      const reason = reasonOfBody(body);
      const told = Number(answered['x-usher-status']);
      if (told !== reasons[reason].http) throw new Error(`${told} for ${reason}`);
      return reason;
    },
  };
}
