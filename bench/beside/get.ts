/** Gets the programs of peers by the package clients that their users have. */

import { execFile, spawnSync } from 'node:child_process';
import { accessSync, constants } from 'node:fs';
import { delimiter, join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { Unobtainable } from './peer.ts';

const run = promisify(execFile);
const folder = resolve('out/peers');

/** The path of a program that is installed, or absent. */
function findProgram(name: string): string | undefined {
  const onPath = (process.env.PATH ?? '').split(delimiter);
  const folders = [folder, resolve('out/gateways'), ...onPath, '/usr/sbin'];
  return folders.map(path => join(path, name)).find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Programs of Go that the machine had already: which source they were built from is not known. */
export const foundHere = new Set<string>();

/** The path of a program; throws with the line that installs it. */
export function installed(name: string, line: string): string {
  const path = findProgram(name);
  if (path === undefined) throw new Unobtainable(`${name} is missing: ${line}`);
  return path;
}

/** What a program prints as its version: the first match in its output. */
export function versionOf(path: string, args: readonly string[], pattern: RegExp): string {
  const { stdout, stderr } = spawnSync(path, args, { encoding: 'utf8' });
  return pattern.exec(`${stdout}${stderr}`)?.[1] ?? 'unknown version';
}

/**
 * Installs a Go program, such as `example.com/a/cmd/b@v1.2.3`, into `out/peers`. A program of that
 * name which is installed already is taken as it is.
 */
export async function goInstalled(name: string, module: string): Promise<string> {
  const found = findProgram(name);
  if (found !== undefined) {
    if (!found.startsWith(folder)) foundHere.add(name);
    return found;
  }
  process.stderr.write(`installing ${module} `);
  const env = { ...process.env, GOBIN: folder, CGO_ENABLED: '0', GOFLAGS: '' };
  try {
    await run('go', ['install', module], { env });
  } catch (error) {
    throw new Unobtainable(`go install ${module}: ${whyGoFailed(error)}`);
  }
  return join(folder, name);
}

/** The last line of Go's complaint, without addresses. */
export function whyGoFailed(error: unknown): string {
  const { code, stderr = '' } = error as { code?: unknown; stderr?: string };
  if (code === 'ENOENT') return 'go is missing; see https://go.dev/doc/install';
  const last = stderr.trim().split('\n').at(-1) ?? '';
  const text = last.replace(/^(\s*server response:|go: )/, '').replace(/.*https?:\/\/\S+:?\s*/, '');
  return text.trim() || 'failed';
}
