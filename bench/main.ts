/** Measures what the documents claim, prints it as a table, and says where it falls short. */

import { cpus, totalmem } from 'node:os';
import { create, toBinary } from '@bufbuild/protobuf';
import { createClient } from '@connectrpc/connect';
import { createConnectTransport } from '@connectrpc/connect-web';
import { AccessTokenService, Kind } from '../src/gen/usher/v1/access_token_pb.ts';
import { VerifyRequestSchema } from '../src/gen/usher/v1/verifier_pb.ts';
import { type Comparison, compareDoors } from './doors.ts';
import { listRows } from './list.ts';
import { grpcFrame, measure, paired, residentMb } from './load.ts';
import { sdkRate, startFloor, startUsher, type Usher } from './processes.ts';
import type { Row } from './row.ts';

const calls = 20_000;
const rounds = 5;

const rows: Row[] = [];
const usher = await startUsher();
const floor = await startFloor('bench/floor-grpc.ts');
try {
  rows.push(atMost('start to ready', usher.startMs, 1000, 'ms'));
  const idle = residentMb(usher.pid);
  rows.push(atMost('resident memory, idle, one worker, LMDB', idle, 150, 'MB'));
  const token = await makeToken(usher);
  rows.push(await unaryVerify(usher, token));
  rows.push(await sdkVerify(usher, token));
  rows.push(...(await compareDoors(usher, token, rounds, calls)).map(comparison));
} finally {
  await Promise.all([usher.stop(), floor.stop()]);
}
rows.push(...(await listRows()));
print(rows);
process.exitCode = rows.every(row => row.pass) ? 0 : 1;

async function makeToken({ manager, adminToken }: Usher): Promise<string> {
  const tokens = createClient(
    AccessTokenService,
    createConnectTransport({ baseUrl: `http://${manager}` }),
  );
  const { token } = await tokens.create(
    { kind: Kind.STATIC, name: 'bench' },
    { headers: { authorization: adminToken } },
  );
  return token;
}

async function unaryVerify({ pid, grpc }: Usher, token: string): Promise<Row> {
  process.stderr.write('unary gRPC Verify of a static token ');
  const headers = { 'content-type': 'application/grpc', te: 'trailers' };
  const shape = { headers, calls, connections: 4, streams: 16 };
  const request = create(VerifyRequestSchema, { header: token });
  const body = grpcFrame(toBinary(VerifyRequestSchema, request));
  const {
    ours,
    floor: under,
    ratio,
  } = await paired(
    rounds,
    () => measure(pid, { ...shape, body, url: `http://${grpc}/usher.v1.VerifierService/Verify` }),
    () =>
      measure(floor.pid, {
        ...shape,
        body: grpcFrame(new Uint8Array()),
        url: `http://127.0.0.1:${floor.port}/bench.Floor/Empty`,
      }),
  );
  process.stderr.write('\n');
  return {
    what: 'unary gRPC Verify, static token, LMDB: server CPU against an empty grpc-js handler',
    measured: `${ratio.toFixed(2)} x (${ours.cpuUs.toFixed(0)} against ${under.cpuUs.toFixed(0)} µs)`,
    bound: 'at most 1.25 x',
    pass: ratio <= 1.25,
  };
}

async function sdkVerify({ grpc }: Usher, token: string): Promise<Row> {
  process.stderr.write('verdicts from memory in the SDK\n');
  const rate = await sdkRate(grpc, token);
  return {
    what: 'SDK verify, cached, a new string for each header',
    measured: `${rate.toLocaleString('en')}/s`,
    bound: 'at least 1,000,000/s',
    pass: rate >= 1_000_000,
  };
}

function comparison({ what, ours, floor, ratio, ratioMax }: Comparison): Row {
  return {
    what,
    measured: `${ratio.toFixed(2)} x (${ours.cpuUs.toFixed(0)} against ${floor.cpuUs.toFixed(0)} µs)`,
    bound: `at most ${ratioMax} x`,
    pass: ratio <= ratioMax,
  };
}

function atMost(what: string, value: number, bound: number, unit: string): Row {
  return {
    what,
    measured: `${value.toFixed(0)} ${unit}`,
    bound: `at most ${bound} ${unit}`,
    pass: value <= bound,
  };
}

function print(table: Row[]): void {
  const machine = `${cpus().length} x ${cpus()[0]?.model.trim()}, ${Math.round(totalmem() / 2 ** 30)} GiB`;
  process.stdout.write(`Measured with Node ${process.version} on ${machine}.\n\n`);
  process.stdout.write('| what | measured | bound | |\n|---|---|---|---|\n');
  for (const { what, measured, bound, pass } of table) {
    process.stdout.write(
      `| ${what} | ${measured} | ${bound} | ${pass ? 'pass' : 'falls short'} |\n`,
    );
  }
}
