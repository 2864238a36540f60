/** Makes gRPC calls by the clients of bench/peers, which check every verdict. */

import { spawnSync } from 'node:child_process';
import { cores } from '../load.ts';
import { runOn } from '../processes.ts';
import { ordered } from './front.ts';
import { peers } from './peers.ts';

/** An Authorization header with what is true of it. */
export interface Token {
  header: string;
  /** The id of its access token if it is valid, otherwise empty. */
  id: string;
}

/** Calls of Verify to make. */
export interface Order {
  /** host:port. */
  address: string;
  /** Used in turn, and again if there are fewer than calls. */
  tokens: readonly Token[];
  calls: number;
  connections: number;
  /** The most calls at once on one connection. */
  streams: number;
  /** Calls a second, made whether others are answered or not; if absent, each answer starts one. */
  perSecond?: number;
  /** The number of calls, of `calls`, that come first and are not reported. */
  warmUp?: number;
}

/**
 * What came of calls. Times of paced calls count from when a call was due; a call without a verdict
 * counts as 10 s.
 */
export interface Outcome {
  callsPerSecond: number;
  p50Ms: number;
  p99Ms: number;
  p999Ms: number;
  maxMs: number;
  /** By how much the client was late, at the 99th percentile: noise of the machine. */
  lateP99Ms: number;
  /** The number of calls that got an error instead of a verdict. */
  unavailable: number;
  /** The sizes of the shortest and the longest answer, with gRPC's prefix. */
  answerBytes: [least: number, most: number];
}

/** Makes calls. Throws on a wrong verdict, and on an error instead of one. */
export async function play(order: Order): Promise<Outcome> {
  const outcome = await playAnyway(order);
  if (outcome.unavailable > 0) throw new Error(`${outcome.unavailable} calls got no verdict`);
  return outcome;
}

/** The same, and lets calls fail that the server cannot answer in time. */
export async function playAnyway(order: Order): Promise<Outcome> {
  return await runOn(cores.load, [peers.load], order);
}

/** Makes calls at a steady rate, by a client that runs in front of other programs. */
export async function pace(order: Order): Promise<Outcome> {
  return await runOn(cores.load, [...ordered, peers.load], order);
}

/** Calls of one token. */
export interface ClientOrder {
  address: string;
  token: Token;
  calls: number;
  connections: number;
  streams: number;
}

/** Makes calls by grpc-go's client, with a deadline and metadata. */
export async function playByClient({ token, ...shape }: ClientOrder): Promise<void> {
  await runOn(cores.load, [peers.grpcGoClient], { ...shape, ...token });
}

/** Throws unless both clients notice that the verdict on a token is not what is said of it. */
export function checkClients({ token, ...shape }: ClientOrder): void {
  const orders: [client: string, order: object][] = [
    [peers.load, { ...shape, tokens: [token] }],
    [peers.grpcGoClient, { ...shape, ...token }],
  ];
  for (const [client, order] of orders) {
    const { status } = spawnSync(client, { input: JSON.stringify(order), stdio: 'pipe' });
    if (status !== 1) throw new Error(`${client} does not notice a wrong verdict`);
  }
}
