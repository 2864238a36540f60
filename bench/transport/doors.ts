/** Compares the doors of gateways: Envoy's Check with Verify, /forward-auth with bare node:http. */

import { create, toBinary } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { CheckRequestSchema } from '../../src/gen/envoy/service/auth/v3/external_auth_pb.ts';
import { VerifyRequestSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { grpcFrame, measure, paired } from '../load.ts';
import { startFloor, startUsher, type Usher } from '../processes.ts';
import { type Row, ratioRow } from '../row.ts';
import { asAnswered, cachedHeaders, withFloor } from './unary.ts';

const rounds = 5;
const calls = 60_000;

/** The rows of the part "doors", with a static token. */
export async function doorRows(): Promise<Row[]> {
  const usher = await startUsher();
  try {
    const [[, token] = ['', '']] = await cachedHeaders(usher);
    return [await compareCheck(usher, token), await compareForwardAuth(usher, token)];
  } finally {
    await usher.stop();
  }
}

async function compareCheck({ pid, grpc }: Usher, token: string): Promise<Row> {
  const headers = { 'content-type': 'application/grpc', te: 'trailers' };
  const shape = { headers, calls, connections: 4, streams: 16 };
  const rpc = (path: string, message: Uint8Array) => () =>
    measure([pid], { ...shape, body: grpcFrame(message), url: `http://${grpc}/${path}` });
  const verify = create(VerifyRequestSchema, { header: token });
  const compared = await paired(
    rounds,
    rpc('envoy.service.auth.v3.Authorization/Check', checkRequest(token)),
    rpc('usher.v1.VerifierService/Verify', toBinary(VerifyRequestSchema, verify)),
  );
  return ratioRow("Envoy's Check of a cached token against Verify", compared, 1.3);
}

/** What Envoy sends about an ordinary request of a browser. */
export function checkRequest(token: string): Uint8Array {
  const peer = (address: string, portValue: number) => ({
    address: {
      address: {
        case: 'socketAddress' as const,
        value: { address, portSpecifier: { case: 'portValue' as const, value: portValue } },
      },
    },
  });
  const headers = {
    ':authority': 'shop.example',
    ':method': 'GET',
    ':path': '/orders?day=1',
    ':scheme': 'https',
    accept: 'application/json',
    'accept-encoding': 'gzip, deflate, br',
    'accept-language': 'en-GB,en;q=0.9',
    authorization: token,
    cookie: 'theme=dark; language=en',
    'user-agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0',
    'x-forwarded-for': '198.51.100.7',
    'x-forwarded-proto': 'https',
    'x-request-id': '7f191529-90cc-437c-9a6a-37269d6b0c8e',
  };
  const http = { id: '1', method: 'GET', path: '/orders?day=1', host: 'shop.example', headers };
  const request = create(CheckRequestSchema, {
    attributes: {
      source: peer('198.51.100.7', 40_000),
      destination: peer('10.0.0.5', 443),
      request: {
        time: timestampFromMs(1_700_000_000_000),
        http: { ...http, scheme: 'https', size: -1n, protocol: 'HTTP/2' },
      },
      contextExtensions: { scopes: '', audience: '', credential: 'remove' },
    },
  });
  return toBinary(CheckRequestSchema, request);
}

async function compareForwardAuth({ pid, http }: Usher, token: string): Promise<Row> {
  const shape = { headers: { authorization: token }, calls, connections: 32 };
  const path = '/forward-auth?scopes=';
  const answer = await fetch(`http://${http}${path}`, { headers: shape.headers });
  return await withFloor(
    startFloor('bench/transport/floor-http.ts', await asAnswered(answer)),
    async floor => {
      const compared = await paired(
        rounds,
        () => measure([pid], { ...shape, url: `http://${http}${path}` }),
        () => measure([floor.pid], { ...shape, url: `http://127.0.0.1:${floor.port}${path}` }),
      );
      const what = '/forward-auth of a cached token against a bare node:http handler';
      return ratioRow(what, compared, 1.3);
    },
  );
}
