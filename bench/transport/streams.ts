/** Compares verdicts by StreamVerify and BatchVerify with the same number of single calls. */

import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import {
  BatchVerifyRequestSchema,
  StreamVerifyRequestSchema,
  StreamVerifyResponseSchema,
  VerifyRequestSchema,
} from '../../src/gen/usher/v1/verifier_pb.ts';
import { managerOf } from '../access-tokens.ts';
import { type Cost, cores, cpuUsOf, grpcFrame, measure, paired } from '../load.ts';
import { runOn, startUsher, type Usher } from '../processes.ts';
import type { Row } from '../row.ts';
import type { StreamOrder, StreamOutcome } from './stream-caller.ts';

const rounds = 5;
const together = 32;
const messages = 8000;
const unaryCalls = 60_000;
/** What a verdict of StreamVerify cost with grpc-js, in microseconds. */
const streamUsMax = 2.06;
const grpcHeaders = { 'content-type': 'application/grpc', te: 'trailers' };

/** The rows of the part "streams"; all tokens are cached. */
export async function streamRows(): Promise<Row[]> {
  const usher = await startUsher();
  try {
    const manager = managerOf(usher);
    const headers: string[] = [];
    while (headers.length < together) headers.push((await manager.createStatic()).token);
    const unary = () => unaryCost(usher, headers[0] as string);
    const stream = await paired(rounds, () => streamCost(usher, headers), unary);
    const batch = await paired(rounds, () => batchCost(usher, headers), unary);
    const perStream = share(`StreamVerify, per verdict, ${together} headers a message`, stream);
    return [
      {
        ...perStream,
        bound: `at most ${streamUsMax} µs, as with grpc-js`,
        pass: stream.ours.cpuUs <= streamUsMax,
      },
      perSecond('StreamVerify, verdicts a second on one core', stream.ours.callsPerSecond),
      share(`BatchVerify, per verdict, ${together} headers a call`, batch),
      perSecond('BatchVerify, verdicts a second on one core', batch.ours.callsPerSecond),
    ];
  } finally {
    await usher.stop();
  }
}

async function unaryCost({ pid, grpc }: Usher, header: string): Promise<Cost> {
  const request = create(VerifyRequestSchema, { header });
  return await measure([pid], {
    url: `http://${grpc}/usher.v1.VerifierService/Verify`,
    headers: grpcHeaders,
    body: grpcFrame(toBinary(VerifyRequestSchema, request)),
    calls: unaryCalls,
    connections: 4,
    streams: 16,
  });
}

async function batchCost({ pid, grpc }: Usher, headers: string[]): Promise<Cost> {
  const request = create(BatchVerifyRequestSchema, {
    requests: headers.map(header => ({ header })),
  });
  const cost = await measure([pid], {
    url: `http://${grpc}/usher.v1.VerifierService/BatchVerify`,
    headers: grpcHeaders,
    body: grpcFrame(toBinary(BatchVerifyRequestSchema, request)),
    calls: messages,
    connections: 4,
    streams: 16,
  });
  return perVerdict(cost);
}

async function streamCost({ pid, grpc }: Usher, headers: string[]): Promise<Cost> {
  const items = headers.map((header, id) => ({ id: BigInt(id), request: { header } }));
  const request = create(StreamVerifyRequestSchema, { items });
  const order: StreamOrder = {
    address: grpc,
    message: Buffer.from(grpcFrame(toBinary(StreamVerifyRequestSchema, request))).toString(
      'base64',
    ),
    messages,
    connections: 2,
    streams: 2,
    window: 8,
  };
  const before = cpuUsOf([pid]);
  const outcome = await runOn<StreamOutcome>(cores.load, 'bench/transport/stream-caller.ts', order);
  const cpuUs = (cpuUsOf([pid]) - before) / messages;
  const answer = fromBinary(StreamVerifyResponseSchema, Buffer.from(outcome.answer, 'base64'));
  const valid = answer.items.filter(
    ({ outcome: { case: kind, value } }) => kind === 'response' && value.valid,
  );
  if (valid.length !== together)
    throw new Error(`${valid.length} verdicts of a message were valid`);
  const { messagesPerSecond: callsPerSecond, p50Ms, p99Ms } = outcome;
  return perVerdict({ cpuUs, callsPerSecond, p50Ms, p99Ms });
}

function perVerdict({ cpuUs, callsPerSecond, ...times }: Cost): Cost {
  return { cpuUs: cpuUs / together, callsPerSecond: callsPerSecond * together, ...times };
}

function share(what: string, { ours, floor, ratio }: Awaited<ReturnType<typeof paired>>): Row {
  const single = `${ratio.toFixed(2)} x a single call, ${floor.cpuUs.toFixed(2)} µs`;
  return { what, measured: `${ours.cpuUs.toFixed(2)} µs (${single})`, cost: ours, floor };
}

function perSecond(what: string, rate: number): Row {
  return {
    what,
    measured: `${Math.round(rate).toLocaleString('en')}/s`,
    bound: 'at least 150,000/s',
    pass: rate >= 150_000,
  };
}
