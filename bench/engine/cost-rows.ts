/** What a call costs the server: by h2load, by a client of grpc-go, and Envoy's Check. */

import { create, toBinary } from '@bufbuild/protobuf';
import { VerifyRequestSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { cpuUsOf, grpcFrame, type Load, measure } from '../load.ts';
import type { Column, Row } from '../row.ts';
import { checkRequest } from '../transport/doors.ts';
import { checkClients, play, playByClient, type Token } from './caller.ts';
import { compare, compareWithBase, withPeers } from './compare.ts';
import type { Program } from './programs.ts';
import { type Effort, inTurns } from './turns.ts';

/** How h2load spreads its calls, and how many they are. */
export interface Shape {
  connections: number;
  streams: number;
  calls: number;
}

/** Few connections that are busy: what a gateway or a service does. */
export const busy: Shape = { connections: 4, streams: 16, calls: 50_000 };
/** Many connections with one call at a time each. */
export const wide: Shape = { connections: 64, streams: 1, calls: 30_000 };
const single: Shape = { connections: 1, streams: 1, calls: 12_000 };

const shapes: [shape: Shape, bounds: { 'grpc-go': number; tonic?: number | undefined }][] = [
  [busy, { 'grpc-go': 0.4, tonic: 0.75 }],
  [wide, { 'grpc-go': 0.65, tonic: undefined }],
  [single, { 'grpc-go': 1, tonic: undefined }],
];
type Kind = 'static' | 'jwt';
const kinds: Record<Kind, string> = { static: 'static token', jwt: 'JWT' };
const clientCalls = 40_000;

/** The rows of Verify by h2load, for each shape and kind of token. */
export async function verifyRows(effort: Effort, programs: readonly Program[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [shape, bounds] of shapes) {
    for (const [kind, name] of Object.entries(kinds)) {
      const tasks = eachOf(programs, async ({ pid, address, tokens }) =>
        verifyCost({ pids: [pid], address, token: tokens[kind as Kind] }, shape, effort),
      );
      const rounds = await inTurns(effort, tasks);
      const what = `Verify, ${name}, ${shapeName(shape)}`;
      rows.push(compare(what, { unit: 'µs', rounds }, withPeers(rounds, bounds)));
    }
  }
  return rows;
}

/** "4 x 16". */
export function shapeName({ connections, streams }: Shape): string {
  return `${connections} x ${streams}`;
}

/** A task for each program. */
export function eachOf<P extends { column: Column }, V>(
  programs: readonly P[],
  task: (program: P) => Promise<V>,
): Map<Column, () => Promise<V>> {
  return new Map(programs.map(program => [program.column, () => task(program)]));
}

/** A server to which calls of Verify go. */
export interface Target {
  pids: readonly number[];
  /** host:port without TLS. */
  address: string;
  token: Token;
  /** The origin with TLS, for calls over TLS. */
  origin?: string;
  /** The sizes of right answers, if they need not be looked at. */
  answerBytes?: [least: number, most: number];
  /** The cores of the load, if it is not to have its own. */
  cores?: string;
}

/** The CPU time of a call of Verify. Throws if an answer is not the right one. */
export async function verifyCost(target: Target, shape: Shape, { share }: Effort): Promise<number> {
  const { pids, address, token, origin = `http://${address}`, cores: on } = target;
  const { header } = token;
  const [least, most] = target.answerBytes ?? (await answerBytes(address, token));
  const load: Partial<Load> = {
    ...shape,
    calls: shape.calls * share,
    answerBytes: [least, most],
    ...(on === undefined ? {} : { cores: on }),
  };
  const request = toBinary(VerifyRequestSchema, create(VerifyRequestSchema, { header }));
  return await grpcCost(pids, `${origin}/usher.v1.VerifierService/Verify`, request, load);
}

/** The sizes of right answers. How long a JWT is still good takes more bytes or fewer. */
export async function answerBytes(address: string, token: Token): Promise<[number, number]> {
  const order = { address, tokens: [token], calls: 64, connections: 1, streams: 16 };
  const [least, most] = (await play(order)).answerBytes;
  const timed = token.header.startsWith('Bearer ') ? 8 : 0;
  return [least - timed, most + timed];
}

async function grpcCost(
  pids: readonly number[],
  url: string,
  request: Uint8Array,
  load: Partial<Load>,
): Promise<number> {
  const headers = { 'content-type': 'application/grpc', te: 'trailers' };
  const { cpuUs } = await measure(pids, {
    url,
    headers,
    body: grpcFrame(request),
    ...busy,
    ...load,
  });
  return cpuUs;
}

/** The rows of Verify by grpc-go's client, with a deadline and metadata. */
export async function clientRows(effort: Effort, programs: readonly Program[]): Promise<Row[]> {
  const rows: Row[] = [];
  for (const [kind, name] of Object.entries(kinds)) {
    const calls = clientCalls * effort.share;
    const tasks = eachOf(programs, async ({ pid, address, tokens }) => {
      const token = tokens[kind as Kind];
      const before = cpuUsOf([pid]);
      await playByClient({ address, token, ...busy, calls });
      return (cpuUsOf([pid]) - before) / calls;
    });
    const rounds = await inTurns(effort, tasks);
    const what = `Verify, ${name}, by grpc-go's client with deadline and 8 metadata fields, 4 x 16`;
    const bounds = withPeers(rounds, { 'grpc-go': 0.4, tonic: undefined });
    rows.push(compare(what, { unit: 'µs', rounds }, bounds));
  }
  return rows;
}

/** The row of Envoy's Check, compared with Verify. */
export async function checkRow(effort: Effort, programs: readonly Program[]): Promise<Row> {
  const tasks = eachOf(programs.filter(isUsher), async ({ pid, address, tokens }) => {
    const [pids, calls] = [[pid], busy.calls * effort.share];
    const url = `http://${address}/envoy.service.auth.v3.Authorization/Check`;
    return {
      value: await grpcCost(pids, url, checkRequest(tokens.static.header), { calls }),
      base: await verifyCost({ pids, address, token: tokens.static }, busy, effort),
    };
  });
  const outcomes = await inTurns(effort, tasks);
  const bound = { name: 'Verify', most: 1.3 };
  return compareWithBase("Envoy's Check, 13 headers, 4 x 16", 'µs', outcomes, bound);
}

/** Whether a program is Usher, whatever its engine. */
export function isUsher({ column }: { column: Column }): boolean {
  return column === 'grpc-js' || column === 'h2';
}

/**
 * Checks that each program knows its tokens, and refuses others, and that the clients would notice
 * if it did not. Throws otherwise.
 */
export async function checkVerdicts(programs: readonly Program[]): Promise<void> {
  for (const { address, tokens } of programs) {
    const all = [tokens.static, tokens.jwt, { header: 'unknown', id: '' }, { header: '', id: '' }];
    await play({ address, tokens: all, calls: 400, connections: 4, streams: 16 });
    const wrong = [
      { header: tokens.static.header, id: tokens.jwt.id },
      { header: 'unknown', id: tokens.static.id },
    ];
    for (const token of wrong) {
      checkClients({ address, token, calls: 4, connections: 1, streams: 1 });
    }
  }
}
