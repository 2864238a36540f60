/** A terminal that takes nothing, as after Ctrl-S, keeps neither verdicts nor an exit waiting. */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { engineEnv } from '../engine.ts';
import { freePort } from '../free-port.ts';
import { program } from '../program.ts';
import { until } from '../until.ts';
import { secrets } from './run-server.ts';
import { mainProgram } from './usher-process.ts';

/** Runs a program in a terminal that it never reads; sends SIGTERM once its input ends, and exits like it. */
const terminal = `
import os, pty, signal, sys
pid, master = pty.fork()
if pid == 0: os.execv(sys.argv[1], sys.argv[1:])
sys.stdin.read()
os.kill(pid, signal.SIGTERM)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))
`;

test('calls are answered, and SIGTERM ends the server', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'usher-terminal-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const http = `127.0.0.1:${await freePort()}`;
  const child = spawn(
    program('python3'),
    ['-c', terminal, process.execPath, mainProgram, 'serve'],
    {
      stdio: ['pipe', 'inherit', 'inherit'],
      env: {
        PATH: process.env.PATH,
        USHER_STORE: `lmdb:${folder}`,
        USHER_HTTP_LISTEN: http,
        USHER_GRPC_LISTEN: 'off',
        USHER_MANAGER_LISTEN: 'off',
        USHER_METRICS_LISTEN: 'off',
        USHER_ACCESS_LOG: 'on',
        ...secrets,
        ...engineEnv,
      },
    },
  );
  // Its end hangs up the terminal, which ends the server too.
  onTestFinished(() => void child.kill('SIGKILL'));
  await until(async () => (await fetch(`http://${http}/readyz`)).status < 300);
  for (let n = 0; n < 500; n++) expect((await fetch(`http://${http}/`)).status).toBe(401);
  const exited = once(child, 'exit');
  child.stdin.end();
  expect(await exited).toEqual([0, null]);
});
