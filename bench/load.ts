/** Load from h2load (Debian's nghttp2-client) on one core, and the server's CPU time on another. */

import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

/** The cores: the server has the first, the load the second. */
export const cores = { server: '0', load: '1' };

/** A kind of call to repeat. */
export interface Load {
  url: string;
  headers: Record<string, string>;
  /** Sent with each call; absent for GET. */
  body?: Uint8Array;
  calls: number;
  connections: number;
  /** Calls at once on a connection; HTTP/1.1 when absent. */
  streams?: number;
}

/** What a load cost. */
export interface Cost {
  /** Server CPU per call, user and system, in microseconds. */
  cpuUs: number;
  callsPerSecond: number;
}

/** Plays a load and measures the server's process. Throws when a call failed. */
export async function measure(pid: number, load: Load): Promise<Cost> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  try {
    const args = ['-c', cores.load, 'h2load', ...arguments_(load, folder)];
    const before = cpuSeconds(pid);
    const { stdout } = await run('taskset', args, { maxBuffer: 1 << 24 });
    const after = cpuSeconds(pid);
    const finished = /finished in [\d.]+m?s, ([\d.]+) req\/s/.exec(stdout);
    const statuses = /status codes: (\d+) 2xx/.exec(stdout);
    if (finished === null || Number(statuses?.[1]) !== load.calls) {
      throw new Error(`h2load: not every call was answered\n${stdout}`);
    }
    return {
      cpuUs: ((after - before) * 1e6) / load.calls,
      callsPerSecond: Number(finished[1]),
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function arguments_(load: Load, folder: string): string[] {
  const args = ['-n', String(load.calls), '-c', String(load.connections), '-t', '1'];
  args.push(...(load.streams === undefined ? ['--h1'] : ['-m', String(load.streams)]));
  for (const [name, value] of Object.entries(load.headers)) args.push('-H', `${name}: ${value}`);
  if (load.body !== undefined) {
    const file = join(folder, 'body');
    writeFileSync(file, load.body);
    args.push('-d', file);
  }
  return [...args, load.url];
}

/** User and system time of a process so far, in seconds (proc(5), clock ticks of 10 ms). */
function cpuSeconds(pid: number): number {
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
    .replace(/^.*\) /, '')
    .split(' ');
  return (Number(fields[11]) + Number(fields[12])) / 100;
}

/** Resident memory of a process, in MB. */
export function residentMb(pid: number): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1]) / 1024;
}

/** A gRPC message with its length before it. */
export function grpcFrame(message: Uint8Array): Uint8Array {
  const frame = Buffer.alloc(5 + message.length);
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, 5);
  return frame;
}

/** Runs two measurements in turn and gives the median of each, and of their ratios pair by pair. */
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
  const median = (values: number[]) =>
    values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] as number;
  const cost = (side: 'ours' | 'floor'): Cost => ({
    cpuUs: median(pairs.map(pair => pair[side].cpuUs)),
    callsPerSecond: median(pairs.map(pair => pair[side].callsPerSecond)),
  });
  const ratio = median(pairs.map(pair => pair.ours.cpuUs / pair.floor.cpuUs));
  return { ours: cost('ours'), floor: cost('floor'), ratio };
}
