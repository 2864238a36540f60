/** Compares single calls with a cached token with a bare server that answers as many bytes. */

import { create, toBinary, toJsonString } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createGrpcTransport } from '@connectrpc/connect-node';
import {
  VerifierService,
  VerifyRequestSchema,
  VerifyResponseSchema,
} from '../../src/gen/usher/v1/verifier_pb.ts';
import { managerOf, signJwt } from '../access-tokens.ts';
import { grpcFrame, measure, paired } from '../load.ts';
import { type Floor, startFloor, startUsher, type Usher } from '../processes.ts';
import { type Row, ratioRow } from '../row.ts';

const rounds = 5;
const calls = 60_000;
const callsOverConnect = 4000;
const rpc = 'usher.v1.VerifierService/Verify';

/** The rows of the part "unary". */
export async function unaryRows(): Promise<Row[]> {
  const usher = await startUsher();
  try {
    const headers = await cachedHeaders(usher);
    const rows: Row[] = [];
    for (const [kind, header] of headers) rows.push(await overGrpc(usher, kind, header));
    for (const [kind, header] of headers) rows.push(await overConnect(usher, kind, header));
    for (const [kind, header] of headers) rows.push(await rootPath(usher, kind, header));
    return rows;
  } finally {
    await usher.stop();
  }
}

/** Authorization headers with a new static token and with a new JWT. */
export async function cachedHeaders(usher: Usher): Promise<[kind: string, header: string][]> {
  const manager = managerOf(usher);
  const { token } = await manager.createStatic();
  const { id, secret } = await manager.createJwt();
  return [
    ['static token', token],
    ['JWT', `Bearer ${await signJwt(id, secret, 'user-1')}`],
  ];
}

/** The verdict of Usher on a header. Throws if it is not valid. */
async function verdictOn({ grpc }: Usher, header: string) {
  const transport = createGrpcTransport({ baseUrl: `http://${grpc}` });
  const verdict = await createClient(VerifierService, transport).verify({ header });
  if (!verdict.valid) throw new Error(verdict.message);
  return verdict;
}

async function overGrpc(usher: Usher, kind: string, header: string): Promise<Row> {
  const answer = toBinary(VerifyResponseSchema, await verdictOn(usher, header));
  const request = toBinary(VerifyRequestSchema, create(VerifyRequestSchema, { header }));
  const load = {
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
    body: grpcFrame(request),
    calls,
    connections: 4,
    streams: 16,
  };
  return await withFloor(
    startFloor('bench/transport/floor-grpc.ts', String(answer.length)),
    async floor => {
      const compared = await paired(
        rounds,
        () => measure([usher.pid], { ...load, url: `http://${usher.grpc}/${rpc}` }),
        () =>
          measure([floor.pid], {
            ...load,
            url: `http://127.0.0.1:${floor.port}/bench.Floor/Empty`,
          }),
      );
      const what = `unary gRPC Verify, cached ${kind}, against an empty grpc-js handler`;
      return ratioRow(what, compared, 1.1);
    },
  );
}

async function overConnect(usher: Usher, kind: string, header: string): Promise<Row> {
  const answer = toJsonString(VerifyResponseSchema, await verdictOn(usher, header));
  const load = {
    headers: { 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify({ header })),
    calls: callsOverConnect,
    connections: 32,
  };
  return await withFloor(startFloor('bench/transport/floor-connect.ts', answer), async floor => {
    const compared = await paired(
      rounds,
      () => measure([usher.pid], { ...load, url: `http://${usher.http}/${rpc}` }),
      () => measure([floor.pid], { ...load, url: `http://127.0.0.1:${floor.port}/${rpc}` }),
    );
    const what = `unary Connect JSON Verify, cached ${kind}, against an empty connect-node handler`;
    return ratioRow(what, compared, 1.1);
  });
}

async function rootPath(usher: Usher, kind: string, header: string): Promise<Row> {
  const load = { headers: { authorization: header }, calls, connections: 32 };
  const answer = await fetch(`http://${usher.http}/`, { headers: load.headers });
  return await withFloor(
    startFloor('bench/transport/floor-http.ts', await asAnswered(answer)),
    floor =>
      paired(
        rounds,
        () => measure([usher.pid], { ...load, url: `http://${usher.http}/` }),
        () => measure([floor.pid], { ...load, url: `http://127.0.0.1:${floor.port}/` }),
      ).then(compared => {
        const what = `GET /, cached ${kind}, against a bare node:http handler`;
        return ratioRow(what, compared, 1.5);
      }),
  );
}

/** Headers that node:http adds to every answer. */
const written = new Set(['date', 'connection', 'keep-alive']);

/** An answer's headers and body as JSON, for a floor that gives the same answer. */
export async function asAnswered(answer: Response): Promise<string> {
  if (!answer.ok) throw new Error(`answered ${answer.status}`);
  const headers = [...answer.headers].filter(([name]) => !written.has(name));
  return JSON.stringify([Object.fromEntries(headers), await answer.text()]);
}

/** Runs a task with a floor, and stops the floor. */
export async function withFloor<T>(
  started: Promise<Floor>,
  task: (floor: Floor) => Promise<T>,
): Promise<T> {
  const floor = await started;
  try {
    return await task(floor);
  } finally {
    await floor.stop();
  }
}
