/** What TLS adds to a call, and what a handshake costs: Usher's own TLS beside that of grpc-go. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { cores, cpuUsOf } from '../load.ts';
import { runOn, startProgram } from '../processes.ts';
import type { Row } from '../row.ts';
import { compare, pick, withPeers } from './compare.ts';
import { answerBytes, busy, eachOf, shapeName, verifyCost, wide } from './cost-rows.ts';
import { buildGo, peers } from './peers.ts';
import { type Engine, enginesOf, type Program, startEngine, withStop } from './programs.ts';
import { type Effort, efforts, inTurns } from './turns.ts';

const shapes = [
  { shape: busy, most: 1.3 },
  { shape: wide, most: 1.6 },
];

/** How many connections are opened, and how many at a time. */
const handshakes = { count: 4000, atOnce: 8 };

/** A program twice: with TLS and in plain text. */
interface Side extends Program {
  plain: Program;
}

/** The rows of TLS. */
export async function tlsRows(effort: Effort, engines: readonly Engine[]): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  const running: Program[] = [];
  try {
    return await withStop(running, async () => {
      const sides = await startSides(engines, makeFiles(folder), running);
      const rows: Row[] = [];
      for (const { shape, most } of shapes) rows.push(await callsRow(sides, shape, most, effort));
      for (const resumed of [false, true]) rows.push(await handshakesRow(sides, resumed, effort));
      return rows;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** The rows of handshakes alone, with this Usher's own engine. */
export async function handshakeRows({ quick }: { quick: boolean }): Promise<Row[]> {
  buildGo(['grpc-go', 'handshakes']);
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  const running: Program[] = [];
  const effort = quick ? efforts.quick : { ...efforts.full, rounds: 10 };
  try {
    return await withStop(running, async () => {
      const engines = enginesOf(undefined).filter(({ column }) => column === 'h2');
      const sides = await startSides(engines, makeFiles(folder), running);
      const rows: Row[] = [];
      for (const resumed of [false, true]) rows.push(await handshakesRow(sides, resumed, effort));
      return rows;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function callsRow(
  sides: readonly Side[],
  shape: typeof busy,
  most: number,
  effort: Effort,
): Promise<Row> {
  const tasks = eachOf(sides, async ({ pid, address, tokens, plain }) => {
    // The answers are of the same size, and easier to look at without TLS.
    const bytes = await answerBytes(plain.address, plain.tokens.static);
    const base = { pids: [plain.pid], address: plain.address, token: plain.tokens.static };
    const target = { pids: [pid], address, token: tokens.static, answerBytes: bytes };
    const value = await verifyCost({ ...target, origin: `https://${address}` }, shape, effort);
    return { value, base: await verifyCost(base, shape, effort) };
  });
  const outcomes = await inTurns(effort, tasks);
  const rounds = pick(outcomes, ({ value }) => value);
  const pairs = outcomes.get('h2') ?? outcomes.get('grpc-js') ?? [];
  const [ours, base] = [pairs.map(({ value }) => value), pairs.map(pair => pair.base)];
  return compare(`Verify over TLS 1.3, ${shapeName(shape)}`, { unit: 'µs', rounds }, [
    { name: 'plain text', most, ours, base },
    ...withPeers(rounds, { 'grpc-go': 1 }),
  ]);
}

async function handshakesRow(
  sides: readonly Side[],
  resumed: boolean,
  { share, rounds }: Effort,
): Promise<Row> {
  const count = handshakes.count * share;
  const tasks = eachOf(sides, async ({ pid, address }) => {
    const before = cpuUsOf([pid]);
    const order = { ...handshakes, count, address, resumed };
    await runOn(cores.load, [peers.handshakes], order);
    return 1e6 / ((cpuUsOf([pid]) - before) / count);
  });
  const outcomes = await inTurns({ share, rounds }, tasks);
  const what = `handshakes of TLS 1.3 a second on one core, ECDSA P-256, ${resumed ? 'resumed' : 'full'}`;
  return compare(
    what,
    { unit: '/s', rounds: outcomes },
    withPeers(outcomes, { 'grpc-go': undefined }),
  );
}

/** A key and a certificate for it. */
function makeFiles(folder: string): { cert: string; key: string } {
  const [key, cert] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const form = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '30'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  const all = ['req', '-x509', ...form, '-keyout', key, '-out', cert, ...name];
  execFileSync('openssl', all, { stdio: 'ignore' });
  return { cert, key };
}

/** Starts all of them; what runs is added to `running`. The peer knows tokens of the first Usher. */
async function startSides(
  engines: readonly Engine[],
  { cert, key }: { cert: string; key: string },
  running: Program[],
): Promise<Side[]> {
  const sides: Side[] = [];
  const start = async <P extends Program>(program: Promise<P>): Promise<P> => {
    const started = await program;
    running.push(started);
    return started;
  };
  for (const engine of engines) {
    const plain = await start(startEngine(engine));
    const env = { USHER_TLS_CERT_FILE: cert, USHER_TLS_KEY_FILE: key };
    sides.push({ ...(await start(startEngine(engine, env))), plain });
  }
  const [{ plain } = {}] = sides;
  if (plain === undefined) return [];
  const { tokens } = plain;
  const known = { static: { id: tokens.static.id, token: tokens.static.header }, others: 0 };
  const peer = async (files: object): Promise<Program> => {
    const { pid, port, stop } = await startProgram([peers.grpcGo], { ...known, ...files });
    return { column: 'grpc-go', pid, address: `127.0.0.1:${port}`, tokens, stop };
  };
  sides.push({ ...(await start(peer({ cert, key }))), plain: await start(peer({})) });
  return sides;
}
