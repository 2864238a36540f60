/** Creates load with h2load on one core, and measures the server's CPU time on the other. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { median, quantile } from './row.ts';

const run = promisify(execFile);

/** Core numbers for taskset: the server has the first core, the load the second. */
export const cores = { server: '0', load: '1', both: '0,1' };

/** A call to repeat. */
export interface Load {
  url: string;
  /** Request headers. */
  headers: Record<string, string>;
  /** Request body; absent for GET. */
  body?: Uint8Array;
  /** Number of calls in all. */
  calls: number;
  connections: number;
  /** Concurrent calls on each connection, over HTTP/2; HTTP/1.1 if absent. */
  streams?: number;
  /** Calls a second of all connections, made whether others are answered or not; no limit if absent. */
  perSecond?: number;
  /** The core of the load; by default `cores.load`. */
  cores?: string;
  /** The sizes of the shortest and the longest answer that is right; any if absent. */
  answerBytes?: readonly [least: number, most: number];
}

/** The cost and the speed of calls. */
export interface Cost {
  /** Server CPU per call, user and system, in microseconds. */
  cpuUs: number;
  callsPerSecond: number;
  /** Median time from sending a call to the end of its answer, in milliseconds. */
  p50Ms: number;
  /** 99th percentile of that time, in milliseconds. */
  p99Ms: number;
}

/** Runs a load and measures the CPU time of the server's processes. Throws if a call fails. */
export async function measure(pids: readonly number[], load: Load): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  try {
    const log = join(folder, 'log');
    const args = ['-c', load.cores ?? cores.load, 'h2load', '--log-file', log];
    args.push(...arguments_(load, folder));
    const before = cpuUsOf(pids);
    const { stdout } = await run('taskset', args, { maxBuffer: 1 << 24 });
    const after = cpuUsOf(pids);
    const finished = /finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(stdout);
    const statuses = /status codes: (\d+) 2xx/.exec(stdout);
    if (finished === null || Number(statuses?.[1]) !== load.calls) {
      throw new Error(`h2load: not every call was answered\n${stdout}`);
    }
    checkSize(stdout, load);
    const timesMs = readFileSync(log, 'utf8')
      .trimEnd()
      .split('\n')
      .map(line => Number(line.split('\t')[2]) / 1000)
      .sort((a, b) => a - b);
    return {
      cpuUs: (after - before) / load.calls,
      callsPerSecond: Number(finished[1]),
      p50Ms: quantile(timesMs, 0.5),
      p99Ms: quantile(timesMs, 0.99),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Throws if the answers are together too short or too long. */
function checkSize(stdout: string, { calls, answerBytes }: Load): void {
  if (answerBytes === undefined) return;
  const [least, most] = answerBytes;
  const bytes = Number(/\((\d+)\) data/.exec(stdout)?.[1]);
  if (!(bytes >= calls * least && bytes <= calls * most)) {
    throw new Error(`h2load: ${bytes} bytes of answers, not ${calls} times ${least} to ${most}`);
  }
}

function arguments_(load: Load, folder: string): string[] {
  const args = ['-n', String(load.calls), '-c', String(load.connections), '-t', '1'];
  args.push(...(load.streams === undefined ? ['--h1'] : ['-m', String(load.streams)]));
  if (load.perSecond !== undefined) args.push('--rps', String(load.perSecond / load.connections));
  for (const [name, value] of Object.entries(load.headers)) args.push('-H', `${name}: ${value}`);
  if (load.body !== undefined) {
    const file = join(folder, 'body');
    writeFileSync(file, load.body);
    args.push('-d', file);
  }
  return [...args, load.url];
}

/** CPU time of all threads of some processes so far, in microseconds (proc(5), schedstat). */
export function cpuUsOf(pids: readonly number[]): number {
  let ns = 0;
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      ns += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, 'utf8').split(' ')[0]);
    }
  }
  return ns / 1000;
}

/** Resident memory of a process, in MB. */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** A gRPC message with its length prefix, not compressed. */
export function grpcFrame(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/** Runs two measurements in turn; the medians of both, and the median of their ratios per round. */
export async function paired(
  rounds: number,
  ours: () => Promise<Cost>,
  floor: () => Promise<Cost>,
): Promise<{ ours: Cost; floor: Cost; ratio: number }> {
  await ours();
  await floor();
  const pairs: { ours: Cost; floor: Cost }[] = [];
  for (let round = 0; round < rounds; round++) {
    pairs.push({ ours: await ours(), floor: await floor() });
    process.stderr.write('.');
  }
  return {
    ours: medianCost(pairs.map(pair => pair.ours)),
    floor: medianCost(pairs.map(pair => pair.floor)),
    ratio: median(pairs.map(pair => pair.ours.cpuUs / pair.floor.cpuUs)),
  };
}

/** The median of each number. */
export function medianCost(costs: readonly Cost[]): Cost {
  return {
    cpuUs: median(costs.map(cost => cost.cpuUs)),
    callsPerSecond: median(costs.map(cost => cost.callsPerSecond)),
    p50Ms: median(costs.map(cost => cost.p50Ms)),
    p99Ms: median(costs.map(cost => cost.p99Ms)),
  };
}
