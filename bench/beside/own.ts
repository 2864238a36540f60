/** Peers that are programs of this repository, in `bench/peers`. */

import { readFileSync } from 'node:fs';
import { buildGo, buildTonic, missingCompilers } from '../engine/peers.ts';
import { startProgram } from '../processes.ts';
import { type Known, type Running, Unobtainable } from './peer.ts';

/** The version of a library that the Go programs use. */
function goVersion(module: string): string {
  const mod = readFileSync('bench/peers/go.mod', 'utf8');
  const line = mod.split('\n').find(text => text.includes(`${module} v`)) ?? '';
  return /v[\d.]+/.exec(line)?.[0] ?? 'unknown version';
}

/** Builds a Go program; returns the name of its library with the version. */
export function builtInGo(folder: string, library: string, module?: string): string {
  const lacks = missingCompilers().filter(text => text.startsWith('go '));
  if (lacks[0] !== undefined) throw new Unobtainable(lacks[0]);
  buildGo([folder]);
  return module === undefined ? library : `${library} ${goVersion(module)}`;
}

/** Builds the program of Rust; returns the name of its library with the version. */
export function builtInRust(): string {
  const lacks = missingCompilers().filter(text => text.startsWith('cargo '));
  if (lacks[0] !== undefined) throw new Unobtainable(lacks[0]);
  buildTonic();
  const lock = readFileSync('bench/peers/tonic/Cargo.lock', 'utf8');
  return `tonic v${/name = "tonic"\nversion = "([\d.]+)"/.exec(lock)?.[1]}`;
}

/** Starts such a program. */
export async function startOwn(path: string, known: Known): Promise<Running> {
  const { pid, port, stop } = await startProgram([path], known);
  return { pids: () => [pid], address: `127.0.0.1:${port}`, headers: known.headers, stop };
}

/** What all of them do. */
export const ownWork =
  'SHA-256, a map of 100,001 tokens; a JWT is proven by HMAC once and then remembered';
/** What none of them can do. */
export const ownLacks =
  'no store, no revocation, no limits, no audit log: the least that a team would write itself';
