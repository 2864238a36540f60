/** Measures the peers of one wire, in turns. */

import { type Effort, inTurns } from '../engine/turns.ts';
import { type Load, measure, residentMb } from '../load.ts';
import type { Usher } from '../processes.ts';
import { median } from '../row.ts';
import { knownBy } from './known.ts';
import { type Kind, type Known, type Peer, type Running, Unobtainable, type Wire } from './peer.ts';
import { revokedAfterMs } from './revocation.ts';
import { wires } from './wires.ts';

/** What was measured of one peer and one kind of token. */
export interface Measured {
  kind: Kind;
  /** CPU time of the server per call, in microseconds, in each round. */
  cpuUs: readonly number[];
  callsPerSecond: number;
  /** At half of that rate. */
  p50Ms: number;
  p99Ms: number;
}

/** What came of a peer. */
export interface Outcome {
  peer: Peer;
  /** Its name with its version. */
  title: string;
  /** Why it could not be had; absent if it was measured. */
  why?: string;
  measured: readonly Measured[];
  /** Resident memory after the load, in MB. */
  memoryMb?: number;
  /** How long the revoked token stayed valid; absent if the peer cannot revoke. */
  revokedMs?: number;
}

interface Started {
  peer: Peer;
  title: string;
  known: Known;
  running: Running;
}

/** Gets, starts, checks and measures the peers of a wire. The first is Usher. */
export async function measureWire(
  wire: Wire,
  peers: readonly Peer[],
  usher: Usher,
  effort: Effort,
): Promise<Outcome[]> {
  const absent: Outcome[] = [];
  const started: Started[] = [];
  try {
    for (const peer of peers) {
      try {
        const title = await peer.get();
        const known = await knownBy(usher);
        started.push({ peer, title, known, running: await peer.start(known) });
      } catch (error) {
        if (!(error instanceof Unobtainable)) throw error;
        absent.push({ peer, title: peer.name, why: error.message, measured: [] });
      }
    }
    for (const each of started) await check(wire, each);
    const costs = await costsOf(wire, started, effort);
    const outcomes: Outcome[] = [];
    for (const each of started) outcomes.push(await finish(wire, each, costs));
    return [...outcomes, ...absent];
  } finally {
    await Promise.all(started.map(({ running }) => running.stop()));
  }
}

/** Checks that a peer judges right. Throws otherwise. */
async function check(wire: Wire, { title, running, known }: Started): Promise<void> {
  const { ask } = wires[wire];
  const other = `${known.headers.jwt.slice(0, -4)}AAAA`;
  const bad = ['unknown', known.static.token.slice(0, -1), other];
  const all = [...Object.values(running.headers), ...bad];
  for (const header of all) {
    const { valid } = await ask(running, header);
    if (valid === bad.includes(header)) {
      throw new Error(`${title} calls a token ${valid ? '' : 'not '}valid that is not so`);
    }
  }
}

const kinds: readonly Kind[] = ['static', 'jwt'];

/** What each peer needs, by peer and kind. */
async function costsOf(wire: Wire, started: readonly Started[], effort: Effort) {
  const costs = new Map<string, readonly Awaited<ReturnType<typeof measure>>[]>();
  for (const kind of kinds) {
    const tasks = new Map(
      started
        .filter(({ running }) => running.headers[kind] !== undefined)
        .map(each => [keyOf(each, kind), () => cost(wire, each, kind, effort)] as const),
    );
    for (const [key, values] of await inTurns(effort, tasks)) costs.set(key, values);
  }
  return costs;
}

const keyOf = ({ peer }: Started, kind: Kind) => `${peer.name} ${kind}`;

async function cost(wire: Wire, { running }: Started, kind: Kind, { share }: Effort) {
  return await measure(running.pids(), await loadOf(wire, running, kind, share));
}

/** A load whose answers must have the size of a right one, since gRPC answers 200 to any token. */
async function loadOf(wire: Wire, running: Running, kind: Kind, share: number): Promise<Load> {
  const { ask, load } = wires[wire];
  const header = running.headers[kind] ?? '';
  const { valid, bytes } = await ask(running, header);
  if (!valid) throw new Error('a good token is refused');
  const todo = load(running, header);
  // How long a JWT is still good takes a byte more or less, and Connect's numbers some.
  const [least, most] = [bytes - 12, bytes + 12];
  return { ...todo, calls: todo.calls * share, answerBytes: [least, most] };
}

async function finish(
  wire: Wire,
  each: Started,
  costs: Awaited<ReturnType<typeof costsOf>>,
): Promise<Outcome> {
  const { peer, title, running, known } = each;
  const measured: Measured[] = [];
  for (const kind of kinds) {
    const rounds = costs.get(keyOf(each, kind));
    if (rounds === undefined) continue;
    const rate = median(rounds.map(({ callsPerSecond }) => callsPerSecond));
    const load = await loadOf(wire, running, kind, 0.25);
    const paced = await measure(running.pids(), { ...load, perSecond: rate / 2 });
    const { p50Ms, p99Ms } = paced;
    measured.push({
      ...{ kind, callsPerSecond: rate, p50Ms, p99Ms },
      cpuUs: rounds.map(({ cpuUs }) => cpuUs),
    });
  }
  const memoryMb = running.pids().reduce((sum, pid) => sum + residentMb(pid), 0);
  const revokedMs = await revokedAfterMs(wire, running, known.spare.token);
  process.stderr.write('.');
  const outcome = { peer, title, measured, memoryMb };
  return revokedMs === undefined ? outcome : { ...outcome, revokedMs };
}
