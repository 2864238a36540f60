/** Makes the calls of ../README.md by grpc-js. */

import { readFileSync } from 'node:fs';
import { create } from '@bufbuild/protobuf';
import { anyUnpack } from '@bufbuild/protobuf/wkt';
import { Client, compressionAlgorithms, credentials, status } from '@grpc/grpc-js';
import { BadRequestSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import { Health } from '../../../src/gen/grpc/health/v1/health_pb.ts';
import { VerifierService } from '../../../src/gen/usher/v1/verifier_pb.ts';
import { bidi, detailsOf, errorOf, serverStream, unary } from '../../transport/grpc/client.ts';
import {
  batchSize,
  bigBytes,
  callAfterRestart,
  callForAWhile,
  callMs,
  check,
  report,
  streamSize,
  variable,
} from './calls.ts';

const target = variable('USHER_TARGET');
const header = variable('USHER_TOKEN');
const authorization = variable('USHER_ADMIN_TOKEN');
const { batchVerify, issueJwt, streamVerify, watchInvalidations } = VerifierService.method;
const transport = transportOf(process.env.USHER_CA);
const client = new Client(target, transport);
const compressing = (algorithm: compressionAlgorithms) =>
  new Client(target, transport, {
    'grpc.default_compression_algorithm': algorithm,
  });
const timed = () => ({ deadline: Date.now() + callMs });

/** TLS with a client certificate where there is a CA, and plain text otherwise. */
function transportOf(ca: string | undefined) {
  if (ca === undefined) return credentials.createInsecure();
  const [key, cert] = ['USHER_KEY', 'USHER_CERT'].map(name => readFileSync(variable(name)));
  return credentials.createSsl(readFileSync(ca), key, cert);
}

async function verify(on = client): Promise<void> {
  const answer = await unary(on, VerifierService.method.verify, { header }, {}, timed());
  check(answer.valid, 'the token is not valid');
}

async function failure(): Promise<void> {
  const error = await errorOf(unary(client, issueJwt, {}, { authorization }, timed()));
  check(error.code === status.INVALID_ARGUMENT, String(error));
  const [any] = detailsOf(error).details;
  const bad = any && anyUnpack(any, BadRequestSchema);
  check((bad?.fieldViolations.length ?? 0) > 0, 'there is no BadRequest');
}

/** The status that a stream of invalidations ends with. */
function watch(deadlineMs: number, onMessage: (cancel: () => void) => void): Promise<number> {
  const deadline = { deadline: Date.now() + deadlineMs };
  const stream = serverStream(client, watchInvalidations, {}, deadline);
  return new Promise(resolve => {
    stream.on('data', () => onMessage(() => stream.cancel()));
    stream.on('error', (error: { code?: number }) => resolve(error.code ?? -1));
    stream.on('end', () => resolve(status.OK));
  });
}

async function deadline(): Promise<void> {
  const code = await watch(300, () => {});
  check(code === status.DEADLINE_EXCEEDED, `the status is ${code}`);
}

async function cancel(): Promise<void> {
  const code = await watch(callMs, stop => stop());
  check(code === status.CANCELLED, `the status is ${code}`);
}

async function big(): Promise<void> {
  const long = { header: 'x'.repeat(bigBytes) };
  const answer = await unary(client, VerifierService.method.verify, long, {}, timed());
  check(!answer.valid, 'a long header is valid');
  const requests = Array.from({ length: batchSize }, () => ({ header }));
  const { responses } = await unary(client, batchVerify, { requests }, {}, timed());
  check(responses.length === batchSize, 'an answer is missing');
  check(
    responses.every(({ valid }) => valid),
    'a token of the batch is not valid',
  );
}

async function compressed(): Promise<void> {
  for (const algorithm of [compressionAlgorithms.gzip, compressionAlgorithms.deflate]) {
    const own = compressing(algorithm);
    await verify(own);
    own.close();
  }
}

async function stream(): Promise<void> {
  const both = bidi(client, streamVerify);
  let answered = 0;
  const done = new Promise<void>((resolve, reject) => {
    both.on('data', ({ items }) => {
      for (const { id, outcome } of items) {
        answered++;
        const valid = outcome.case === 'response' && outcome.value.valid;
        if (valid !== (id % 2n === 0n)) reject(new Error(`item ${id} is wrong`));
      }
    });
    both.on('error', reject);
    both.on('end', resolve);
  });
  for (let id = 0; id < streamSize; id++) {
    const request = { header: id % 2 === 0 ? header : 'Bearer wrong' };
    both.write(create(streamVerify.input, { items: [{ id: BigInt(id), request }] }));
  }
  both.end();
  await done;
  check(answered === streamSize, `${answered} answers`);
}

async function serving(): Promise<void> {
  const service = { service: VerifierService.typeName };
  const answer = await unary(client, Health.method.check, service, {}, timed());
  check(answer.status === 1, 'not serving');
  const watched = serverStream(client, Health.method.watch, service);
  watched.on('error', () => {});
  const first = await new Promise<{ status: number }>(resolve => watched.once('data', resolve));
  watched.cancel();
  check(first.status === 1, 'not serving');
}

await report({
  unary: verify,
  error: failure,
  deadline,
  cancel,
  big,
  compressed,
  stream,
  health: serving,
  goaway: () => callForAWhile(verify),
  reconnect: () =>
    callAfterRestart(verify, error => (error as { code?: number }).code === status.UNAVAILABLE),
});
client.close();
