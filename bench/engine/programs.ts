/** Starts the programs of a comparison: Usher with each engine, and the peers. */

import { settings } from '../../src/settings/settings.ts';
import { managerOf, signJwt } from '../access-tokens.ts';
import { cores } from '../load.ts';
import { type Floor, startProgram, startUsher, type Usher } from '../processes.ts';
import type { Column } from '../row.ts';
import type { Token } from './caller.ts';
import { peers } from './peers.ts';

/** A way to start Usher. */
export interface Engine {
  column: Column;
  /** Starts it; the settings are added to those of the engine. */
  start(env?: Record<string, string>, on?: string): Promise<Usher>;
}

/** A running program. */
export interface Program {
  column: Column;
  pid: number;
  /** host:port of its gRPC listener. */
  address: string;
  /** Tokens that it knows. */
  tokens: Record<'static' | 'jwt', Token>;
  stop(): Promise<void>;
}

/** Access tokens that a peer has beside those of the load. */
const others = 100_000;

const canChoose = Object.values(settings).some(({ name }) => name === 'USHER_GRPC_ENGINE');

/**
 * The engines of Usher. `today` is a checkout of an earlier Usher, which then has the first column;
 * without it, the engine grpc-js of this one has it.
 */
export function enginesOf(today: string | undefined): Engine[] {
  const engine = (column: Column, env: Record<string, string>, checkout?: string): Engine => ({
    column,
    start: (more = {}, on = cores.server) => startUsher({ ...env, ...more }, on, checkout),
  });
  if (today !== undefined) {
    const now = canChoose ? { USHER_GRPC_ENGINE: 'h2' } : undefined;
    const earlier = engine('grpc-js', {}, today);
    return now === undefined ? [earlier] : [earlier, engine('h2', now)];
  }
  if (!canChoose) return [engine('grpc-js', {})];
  return (['grpc-js', 'h2'] as const).map(name => engine(name, { USHER_GRPC_ENGINE: name }));
}

/** Starts all of them on the server's core. The peers know the tokens of the first Usher. */
export async function startAll(engines: readonly Engine[]): Promise<Program[]> {
  const ushers = await Promise.all(engines.map(engine => startEngine(engine)));
  const { secret, tokens } = ushers[0] as (typeof ushers)[0];
  const known = {
    static: { id: tokens.static.id, token: tokens.static.header },
    jwt: { id: tokens.jwt.id, secret },
    others,
  };
  const peer = async (column: Column, path: string): Promise<Program> => {
    const floor: Floor = await startProgram([path], known);
    return { column, ...floor, address: `127.0.0.1:${floor.port}`, tokens };
  };
  return [...ushers, await peer('grpc-go', peers.grpcGo), await peer('tonic', peers.tonic)];
}

/** Starts Usher with an engine, and gives it a static token and a JWT. */
export async function startEngine(
  { column, start }: Engine,
  env: Record<string, string> = {},
  on: string = cores.server,
): Promise<Program & { secret: string }> {
  const usher = await start(env, on);
  const manager = managerOf(usher);
  const { id, token } = await manager.createStatic();
  const jwt = await manager.createJwt();
  const header = `Bearer ${await signJwt(jwt.id, jwt.secret, 'user-1')}`;
  const tokens = { static: { header: token, id }, jwt: { header, id: jwt.id } };
  const { pid, grpc, stop } = usher;
  return { column, pid, address: grpc, tokens, secret: jwt.secret, stop };
}

/** Runs a task, and then stops programs, also if it throws. */
export async function withStop<T>(
  running: readonly { stop(): Promise<void> }[],
  task: () => Promise<T>,
): Promise<T> {
  try {
    return await task();
  } finally {
    await Promise.all(running.map(program => program.stop()));
  }
}
