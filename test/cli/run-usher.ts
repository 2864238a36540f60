/** Runs the command line as its users do: as a process. */

import { spawn } from 'node:child_process';
import { tmpdir } from 'node:os';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';

const main = fileURLToPath(new URL('../../src/main.ts', import.meta.url));

/** The admin token that `runUsher` gives. */
export const adminToken = 'admin-token-of-the-tests-0123456789';

/** What became of a command. */
export interface Ran {
  code: number | null;
  out: string;
  err: string;
}

/** Runs a command to its end. The environment is what is given, and nothing of the machine's. */
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
  // A command that does not read its input may be gone before it is written.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const ended = new Promise<number | null>(resolve => child.on('close', code => resolve(code)));
  const [out, err, code] = await Promise.all([text(child.stdout), text(child.stderr), ended]);
  return { code, out, err };
}
