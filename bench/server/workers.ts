/** Compares two workers, which share two cores with the load, with one worker on its own core. */

import { create, toBinary } from '@bufbuild/protobuf';
import {
  BatchVerifyRequestSchema,
  VerifyRequestSchema,
} from '../../src/gen/usher/v1/verifier_pb.ts';
import { type Cost, cores, grpcFrame, type Load, measure, paired } from '../load.ts';
import { childrenOf, startUsher, type Usher } from '../processes.ts';
import { median, type Row } from '../row.ts';
import { cachedHeaders } from '../transport/unary.ts';

const rounds = 5;
const together = 32;
const ratioMin = 1.6;

/** A call that the load repeats. */
interface Kind {
  what: string;
  rpc: string;
  calls: number;
  body(header: string): Uint8Array;
}

/** The load needs less CPU for a verdict in a batch, so it takes less from the two workers. */
const kinds: Kind[] = [
  {
    what: 'unary gRPC Verify',
    rpc: 'Verify',
    calls: 20_000,
    body: header => toBinary(VerifyRequestSchema, create(VerifyRequestSchema, { header })),
  },
  {
    what: `BatchVerify of ${together} headers`,
    rpc: 'BatchVerify',
    calls: 6000,
    body(header) {
      const requests = Array.from({ length: together }, () => ({ header }));
      return toBinary(BatchVerifyRequestSchema, create(BatchVerifyRequestSchema, { requests }));
    },
  },
];

/** The rows of the part "workers". */
export async function workerRows(): Promise<Row[]> {
  const one = await startUsher();
  const two = await startUsher({ USHER_WORKERS: '2' }, cores.both);
  try {
    const rows: Row[] = [];
    for (const kind of kinds) rows.push(...(await rowsOf(kind, one, two)));
    return rows;
  } finally {
    await Promise.all([one.stop(), two.stop()]);
  }
}

async function rowsOf(kind: Kind, one: Usher, two: Usher): Promise<Row[]> {
  const ofOne = await loadOf(kind, one, cores.load);
  const ofTwo = await loadOf(kind, two, cores.both);
  const rates: number[] = [];
  const played: Cost[] = [];
  const compared = await paired(
    rounds,
    async () => {
      const cost = await measure([two.pid, ...childrenOf(two.pid)], ofTwo);
      played.push(cost);
      return cost;
    },
    async () => {
      const cost = await measure([one.pid], ofOne);
      rates.push((played.at(-1) as Cost).callsPerSecond / cost.callsPerSecond);
      return cost;
    },
  );
  const ratio = median(rates.slice(1));
  const { ours, floor } = compared;
  const busy = ({ cpuUs, callsPerSecond }: Cost) => ((cpuUs * callsPerSecond) / 1e6).toFixed(2);
  const perSecond = (cost: Cost) => Math.round(cost.callsPerSecond).toLocaleString('en');
  return [
    {
      what: `${kind.what}: calls/s of two workers that share two cores with the load, against one worker with a core of its own`,
      measured: `${ratio.toFixed(2)} x (${perSecond(ours)} against ${perSecond(floor)})`,
      bound: `at least ${ratioMin} x`,
      pass: ratio >= ratioMin,
      cost: ours,
    },
    {
      what: `${kind.what}: cores used by the two workers, and by the one (the load has the rest of the two cores)`,
      measured: `${busy(ours)} and ${busy(floor)}`,
    },
    {
      what: `${kind.what}: server CPU per call of two workers, against one`,
      measured: `${compared.ratio.toFixed(2)} x (${ours.cpuUs.toFixed(0)} against ${floor.cpuUs.toFixed(0)} µs)`,
    },
  ];
}

async function loadOf({ rpc, calls, body }: Kind, usher: Usher, on: string): Promise<Load> {
  const [[, header] = ['', '']] = await cachedHeaders(usher);
  return {
    url: `http://${usher.grpc}/usher.v1.VerifierService/${rpc}`,
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
    body: grpcFrame(body(header)),
    calls,
    // Enough connections for the kernel to spread them evenly over the workers.
    connections: 64,
    streams: 4,
    cores: on,
  };
}
