/** Runs the command line as a process, as users do. */

import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The admin token that `runUsher` passes. */
export const adminToken = 'admin-token-of-the-tests-0123456789';

/** The outcome of a command. */
export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a command to its end, with only the given environment. */
export async function runUsher(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
  { stdin = '', cwd = tmpdir() }: { stdin?: string; cwd?: string } = {},
): Promise<Ran> {
  const child = spawn(process.execPath, [main, ...args], {
    env: { USHER_ADMIN_TOKEN: adminToken, ...env },
    cwd,
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  // A command that does not read its stdin may have exited before the write.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const ended = new Promise<number | null>(resolve => child.on('close', code => resolve(code)));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}
