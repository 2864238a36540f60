/** What observing costs: traces, request ids and the log of refusals, on a gRPC call of a cached token. */

import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { create, toBinary } from '@bufbuild/protobuf';
import { VerifyRequestSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { grpcFrame, measure, paired } from '../load.ts';
import { startUsher, type Usher } from '../processes.ts';
import { costRow, type Row, ratioRow } from '../row.ts';
import { cachedHeaders } from '../transport/unary.ts';

const rounds = 7;
const calls = 30_000;
const traceId = '4bf92f3577b34da6a3ce929d0e0e4736';
/** Makes each call a sampled one, so that what is measured has run often before. */
const sampled = { traceparent: `00-${traceId}-00f067aa0ba902b7-01` };
const dropped = { traceparent: `00-${traceId}-00f067aa0ba902b7-00` };

/** The rows of the part "observing". With `today`, also against an earlier Usher with the same settings in that folder. */
export async function observingRows({ today }: { today?: string | undefined }): Promise<Row[]> {
  const collector = await startCollector();
  try {
    const tracing = {
      OTEL_EXPORTER_OTLP_ENDPOINT: collector.url,
      OTEL_TRACES_SAMPLER: 'parentbased_traceidratio',
      OTEL_TRACES_SAMPLER_ARG: '0.01',
    };
    const rows = [
      await against(startUsher(tracing), 'traces on, 1 % of the calls sampled', 1.05),
      await against(
        startUsher(tracing),
        'traces on, callers send a trace that is not sampled, against off with the same headers',
        1.05,
        dropped,
      ),
      await against(
        startUsher({ USHER_LOG_REFUSALS_PER_SECOND_MAX: '10' }),
        'refusals logged, none refused',
        1.2,
      ),
    ];
    if (today !== undefined) {
      const what = 'an earlier Usher against this one';
      rows.push(await against(startUsher({}, undefined, today), what, 1.05));
    }
    rows.push(await alone('a call with a request id', { 'x-request-id': 'one' }));
    return rows;
  } finally {
    await collector.stop();
  }
}

/** Calls of a cached token. */
async function loadOf(usher: Usher, headers: Record<string, string> = {}) {
  const [[, token] = ['', '']] = await cachedHeaders(usher);
  const message = create(VerifyRequestSchema, { header: token });
  const load = {
    url: `http://${usher.grpc}/usher.v1.VerifierService/Verify`,
    headers: { 'content-type': 'application/grpc', te: 'trailers', ...headers },
    body: grpcFrame(toBinary(VerifyRequestSchema, message)),
    ...{ calls, connections: 4, streams: 16 },
  };
  return () => measure([usher.pid], load);
}

/** Compares a server with one that observes nothing. Both are new, and have the same calls before. */
async function against(
  started: Promise<Usher>,
  what: string,
  ratioMax: number,
  headers?: Record<string, string>,
): Promise<Row> {
  const [usher, floor] = await Promise.all([started, startUsher()]);
  try {
    for (const headers of [sampled, {}]) {
      for (const each of [usher, floor]) await (await loadOf(each, headers))();
    }
    const compared = await paired(
      rounds,
      await loadOf(usher, headers),
      await loadOf(floor, headers),
    );
    return ratioRow(`unary gRPC Verify: ${what}`, compared, ratioMax);
  } finally {
    await Promise.all([usher.stop(), floor.stop()]);
  }
}

async function alone(what: string, headers?: Record<string, string>): Promise<Row> {
  const usher = await startUsher();
  try {
    const run = await loadOf(usher, headers);
    for (let round = 0; round < rounds; round++) await run();
    return costRow(`unary gRPC Verify: ${what}`, await run());
  } finally {
    await usher.stop();
  }
}

/** Takes spans, as a collector does. */
async function startCollector() {
  const server = createServer((req, res) => {
    req.resume().on('end', () => res.writeHead(200).end());
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
}
