/** Runs the command that prints the master keys. */

import { type ChildProcess, spawn } from 'node:child_process';
import { awakeTimeout } from '../timing/awake.ts';
import type { Environment } from './config.ts';
import { Mistake } from './values.ts';

/** Bounds of a run. */
export interface KeyCommandLimits {
  /** How long it may take, in milliseconds. */
  timeoutMs: number;
  /** How much it may print, in bytes. */
  bytesMax: number;
}

/** What is kept of the end of its standard error, in characters. */
const complaintMax = 500;

/** Runs longer than this of the characters of base64, hexadecimal and tokens may be a secret. */
const secretLike = /[\w+/=.-]{24,}/g;

/** Pieces of the output of this length or more are not repeated. */
const pieceMin = 6;

/**
 * The output of a command without the line break at its end. The command is run by `sh -c`, as a KMS needs
 * a pipe (`aws kms decrypt … | base64 -d`), in a process group of its own, which is killed at its end. It
 * gets the environment without the settings of Usher. Throws Mistake when it fails, prints nothing or too
 * much, or takes too long.
 */
export async function outputOf(
  command: string,
  env: Environment,
  { timeoutMs, bytesMax }: KeyCommandLimits,
): Promise<string> {
  const child = spawn('sh', ['-c', command], {
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: true,
    env: Object.fromEntries(Object.entries(env).filter(([name]) => !name.startsWith('USHER_'))),
  });
  const { promise, resolve, reject } = Promise.withResolvers<number | NodeJS.Signals>();
  const printed: Buffer[] = [];
  let bytes = 0;
  let complaint = '';
  const kill = () => killGroup(child);
  process.once('exit', kill);
  const timer = awakeTimeout(
    () => reject(new Mistake(`did not end within ${timeoutMs} ms`)),
    timeoutMs,
  );
  child.stdout.on('data', (chunk: Buffer) => {
    bytes += chunk.length;
    if (bytes > bytesMax) reject(new Mistake(`printed more than ${bytesMax} bytes`));
    else printed.push(chunk);
  });
  child.stderr.setEncoding('utf8').on('data', (chunk: string) => {
    complaint = (complaint + chunk).slice(-2 * complaintMax);
  });
  child.once('error', error => reject(new Mistake(`could not be run (${codeOf(error)})`)));
  // What it left running in the background may hold its output open.
  child.once('exit', kill);
  child.once('close', (code, signal) => resolve(code ?? signal ?? 0));
  try {
    const ended = await promise;
    const text = Buffer.concat(printed)
      .toString('utf8')
      .replace(/\r?\n$/, '');
    const said = withoutSecrets(complaint, text);
    const hint = said === '' ? '' : `; it said: ${said}`;
    if (ended !== 0) {
      const how =
        typeof ended === 'number' ? `failed with exit code ${ended}` : `was ended by ${ended}`;
      throw new Mistake(`${how}${hint}`);
    }
    if (text === '') throw new Mistake(`printed nothing${hint}`);
    return text;
  } finally {
    timer.clear();
    kill();
    process.off('exit', kill);
    child.stdout.destroy();
    child.stderr.destroy();
  }
}

/** The end of what the command complained, in one line, without anything that may be a key or token. */
function withoutSecrets(complaint: string, output: string): string {
  const pieces = output.split(/[\s,:]+/).filter(piece => piece.length >= pieceMin);
  let said = complaint;
  for (const piece of pieces) said = said.replaceAll(piece, '[hidden]');
  return said
    .replace(secretLike, '[hidden]')
    .replace(/[^\x20-\x7e]+/g, ' ')
    .trim()
    .slice(-complaintMax);
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // None of the group is left.
  }
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : 'unknown';
}
