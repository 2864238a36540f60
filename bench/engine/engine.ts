/**
 * The part "engine": what a call over gRPC costs and how long it waits, with each engine of Usher,
 * beside a server by grpc-go and one by tonic that do the same work.
 */

import { residentMb } from '../load.ts';
import type { Row } from '../row.ts';
import { compare, type Rounds } from './compare.ts';
import {
  checkRow,
  checkVerdicts,
  clientRows,
  type Shape,
  shapeName,
  verifyCost,
  verifyRows,
} from './cost-rows.ts';
import { floodRow } from './flood-rows.ts';
import { buildPeers } from './peers.ts';
import { type Engine, enginesOf, type Program, startAll, withStop } from './programs.ts';
import { fullRows, steadyRows } from './steady-rows.ts';
import { tlsRows } from './tls-rows.ts';
import { type Effort, efforts } from './turns.ts';
import { unseenRows } from './unseen-rows.ts';
import { workersRow } from './worker-rows.ts';

/** As many connections as a fleet of services keeps, all of them busy for half a minute. */
const crowd: Shape = { connections: 64, streams: 16, calls: 1_000_000 };

/** How the part is run. */
export interface EngineOptions {
  /** Whether a rough measurement in a few minutes will do. */
  quick: boolean;
  /** A checkout of an earlier Usher, to be compared with this one; absent for none. */
  today?: string | undefined;
}

/** The rows of the part "engine". Throws on a wrong verdict. */
export async function engineRows({ quick, today }: EngineOptions): Promise<Row[]> {
  const effort = quick ? efforts.quick : efforts.full;
  const engines = enginesOf(today);
  buildPeers();
  const programs = await startAll(engines);
  const beside = await withStop(programs, () => besidePeers(effort, programs, engines));
  return [
    ...beside,
    ...(await tlsRows(effort, engines)),
    ...(await unseenRows(effort, engines)),
    await floodRow(effort, engines),
    await workersRow(effort, engines),
  ];
}

async function besidePeers(
  effort: Effort,
  programs: readonly Program[],
  engines: readonly Engine[],
): Promise<Row[]> {
  const idle = memoryRow('resident memory, idle', programs);
  await checkVerdicts(programs);
  const rows = [
    ...(await verifyRows(effort, programs)),
    ...(await clientRows(effort, programs)),
    await checkRow(effort, programs),
    ...(await steadyRows(effort, programs)),
    ...(await fullRows(effort, programs, engines)),
  ];
  await checkVerdicts(programs);
  const after = memoryRow('the same after all of these calls', programs);
  return [...rows, idle, after, await loadedRow(effort, programs)];
}

/** Resident memory when many connections with many calls each have kept a program busy. */
async function loadedRow(effort: Effort, programs: readonly Program[]): Promise<Row> {
  for (const { pid, address, tokens } of programs) {
    await verifyCost({ pids: [pid], address, token: tokens.static }, crowd, effort);
  }
  return memoryRow(`the same after a million calls of Verify, ${shapeName(crowd)}`, programs);
}

function memoryRow(what: string, programs: readonly Program[]): Row {
  const rounds: Rounds = new Map(programs.map(({ column, pid }) => [column, [residentMb(pid)]]));
  return compare(what, { unit: 'MB', rounds }, []);
}
