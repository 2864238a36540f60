/** What TLS adds to a call: TLS 1.3 and plain text on the same Usher. */

import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { freePort } from '../processes.ts';
import type { Row } from '../row.ts';
import { compareWithBase } from './compare.ts';
import { busy, eachOf, shapeName, verifyCost, wide } from './cost-rows.ts';
import { type Engine, type Program, startEngine, withStop } from './programs.ts';
import { type Effort, inTurns } from './turns.ts';

const shapes = [
  { shape: busy, most: 1.3 },
  { shape: wide, most: 1.6 },
];

/** An Usher that listens for TLS, too. */
interface Side extends Program {
  tlsPort: number;
}

/** The rows of TLS. */
export async function tlsRows(effort: Effort, engines: readonly Engine[]): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'usher-bench-'));
  const sides: Side[] = [];
  try {
    return await withStop(sides, async () => {
      for (const engine of engines) sides.push(await startWithTls(engine, folder));
      const rows: Row[] = [];
      for (const { shape, most } of shapes) {
        const tasks = eachOf(sides, async ({ pid, address, tlsPort, tokens }) => {
          const target = { pids: [pid], address, token: tokens.static };
          const origin = `https://127.0.0.1:${tlsPort}`;
          return {
            value: await verifyCost({ ...target, origin }, shape, effort),
            base: await verifyCost(target, shape, effort),
          };
        });
        const what = `Verify over TLS 1.3, ${shapeName(shape)}`;
        const bound = { name: 'plain text', most };
        rows.push(compareWithBase(what, 'µs', await inTurns(effort, tasks), bound));
      }
      return rows;
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

async function startWithTls(engine: Engine, folder: string): Promise<Side> {
  const [key, certificate] = [join(folder, 'key.pem'), join(folder, 'certificate.pem')];
  const form = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const files = ['-keyout', key, '-out', certificate, '-subj', '/CN=localhost'];
  execFileSync('openssl', ['req', '-x509', ...form, ...files], { stdio: 'ignore' });
  const tlsPort = await freePort();
  const program = await startEngine(engine, {
    NODE_OPTIONS: `--import=${resolve('bench/engine/tls-front.ts')}`,
    BENCH_TLS_PORT: String(tlsPort),
    BENCH_TLS_KEY: key,
    BENCH_TLS_CERTIFICATE: certificate,
  });
  return { ...program, tlsPort };
}
