/** A bash process that runs one snippet after the other, as if pasted into a terminal. */

import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Duplex } from 'node:stream';

/** The outcome of a snippet. */
interface Ran {
  /** Exit code of its last command. */
  code: number;
  stdout: string;
  stderr: string;
}

/** A running session. */
export interface BashSession {
  run(snippet: string): Promise<Ran>;
  /** The value of a shell variable. */
  valueOf(name: string): Promise<string>;
  close(): Promise<void>;
}

/**
 * Snippets come over a separate file descriptor, so that no command can read them from its stdin.
 */
const loop = `
while IFS= read -r -d '' snippet <&3; do
  eval "$snippet" </dev/null >"$0/stdout" 2>"$0/stderr"
  echo "$?" >&4
done`;

/** Starts a session in a folder. */
export function openBash(folder: string, env: NodeJS.ProcessEnv): BashSession {
  const outputs = mkdtempSync(join(tmpdir(), 'usher-readme-output-'));
  const bash = spawn('bash', ['--norc', '-c', loop, outputs], {
    cwd: folder,
    env,
    stdio: ['ignore', 'inherit', 'inherit', 'pipe', 'pipe'],
  });
  const ended = new Promise<void>(resolve => bash.once('exit', () => resolve()));
  const snippets = bash.stdio[3] as Duplex;
  const codes = createInterface({ input: bash.stdio[4] as Duplex })[Symbol.asyncIterator]();

  const run = async (snippet: string): Promise<Ran> => {
    snippets.write(`${snippet}\0`);
    const { value, done } = await codes.next();
    if (done) throw new Error('bash ended');
    const [stdout = '', stderr = ''] = ['stdout', 'stderr'].map(name =>
      readFileSync(join(outputs, name), 'utf8'),
    );
    return { code: Number(value), stdout, stderr };
  };

  return {
    run,
    valueOf: async name => (await run(`printf %s "$${name}"`)).stdout,
    async close() {
      snippets.end();
      await ended;
      rmSync(outputs, { recursive: true });
    },
  };
}
