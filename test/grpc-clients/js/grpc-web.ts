/** Makes the calls of ../README.md by Connect-ES over gRPC-Web, whose requests are no stream. */

import { Code, ConnectError, createClient, type Interceptor } from '@connectrpc/connect';
import { compressionGzip, createGrpcWebTransport } from '@connectrpc/connect-node';
import { BadRequestSchema } from '../../../src/gen/google/rpc/error_details_pb.ts';
import { Health } from '../../../src/gen/grpc/health/v1/health_pb.ts';
import { VerifierService } from '../../../src/gen/usher/v1/verifier_pb.ts';
import {
  batchSize,
  bigBytes,
  callAfterRestart,
  callForAWhile,
  callMs,
  check,
  report,
  variable,
} from './calls.ts';

const header = variable('USHER_TOKEN');
const baseUrl = `http://${variable('USHER_TARGET')}`;
const gzip = { sendCompression: compressionGzip, compressMinBytes: 0 };

/** What both transports take. */
interface Options {
  interceptors?: Interceptor[];
  sendCompression?: typeof compressionGzip;
  compressMinBytes?: number;
}

function transport(more: Options = {}) {
  const options = { baseUrl, defaultTimeoutMs: callMs, ...more };
  return createGrpcWebTransport({ ...options, httpVersion: '1.1' });
}

const asAdmin: Interceptor = next => request => {
  request.header.set('authorization', variable('USHER_ADMIN_TOKEN'));
  return next(request);
};
const verifier = createClient(VerifierService, transport());
const admin = createClient(VerifierService, transport({ interceptors: [asAdmin] }));
const compressing = createClient(VerifierService, transport(gzip));
const health = createClient(Health, transport());

async function verify(by = verifier): Promise<void> {
  check((await by.verify({ header })).valid, 'the token is not valid');
}

/** The code that a call fails with. */
async function codeOf(call: () => Promise<unknown>): Promise<Code | 'none'> {
  try {
    await call();
  } catch (error) {
    return ConnectError.from(error).code;
  }
  return 'none';
}

async function failure(): Promise<void> {
  try {
    await admin.issueJwt({});
  } catch (thrown) {
    const error = ConnectError.from(thrown);
    check(error.code === Code.InvalidArgument, String(error));
    const [bad] = error.findDetails(BadRequestSchema);
    check((bad?.fieldViolations.length ?? 0) > 0, 'there is no BadRequest');
    return;
  }
  throw new Error('there is no error');
}

async function deadline(): Promise<void> {
  const code = await codeOf(async () => {
    for await (const _ of verifier.watchInvalidations({}, { timeoutMs: 300 }));
  });
  check(code === Code.DeadlineExceeded, `the code is ${code}`);
}

async function cancel(): Promise<void> {
  const abort = new AbortController();
  const code = await codeOf(async () => {
    for await (const _ of verifier.watchInvalidations({}, { signal: abort.signal })) abort.abort();
  });
  check(code === Code.Canceled, `the code is ${code}`);
}

async function big(): Promise<void> {
  const answer = await verifier.verify({ header: 'x'.repeat(bigBytes) });
  check(!answer.valid, 'a long header is valid');
  const requests = Array.from({ length: batchSize }, () => ({ header }));
  const { responses } = await verifier.batchVerify({ requests });
  check(
    responses.length === batchSize && responses.every(({ valid }) => valid),
    'a token of the batch is not valid',
  );
}

async function serving(): Promise<void> {
  const service = { service: VerifierService.typeName };
  check((await health.check(service)).status === 1, 'not serving');
  for await (const { status } of health.watch(service)) {
    check(status === 1, 'not serving');
    return;
  }
}

await report({
  unary: verify,
  error: failure,
  deadline,
  cancel,
  big,
  compressed: () => verify(compressing),
  health: serving,
  goaway: () => callForAWhile(verify),
  reconnect: () =>
    callAfterRestart(verify, error => ConnectError.from(error).code === Code.Unavailable),
});
process.exit();
