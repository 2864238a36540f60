/** The benchmark's table of other programs: what is compared, and what cannot be had. */

import { createServer } from 'node:http';
import { expect, test } from 'vitest';
import { goInstalled, installed, whyGoFailed } from '../../bench/beside/get.ts';
import type { Measured, Outcome } from '../../bench/beside/measure.ts';
import { Unobtainable } from '../../bench/beside/peer.ts';
import { nginx } from '../../bench/beside/peers/nginx.ts';
import { usherOn } from '../../bench/beside/peers/usher.ts';
import { revokedAfterMs } from '../../bench/beside/revocation.ts';
import { notesOf, tableOf } from '../../bench/beside/table.ts';
import { peersChart } from '../../bench/charts.ts';
import { withOthers } from '../../bench/report.ts';

const measured = (kind: 'static' | 'jwt', cpuUs: readonly number[]): Measured => ({
  ...{ kind, cpuUs, callsPerSecond: 12_345.6, p50Ms: 0.25, p99Ms: 1.5 },
});
const outcomes: Outcome[] = [
  {
    peer: usherOn('gateway'),
    title: 'Usher',
    measured: [measured('static', [10, 20, 30]), measured('jwt', [5, 5, 5])],
    memoryMb: 140.2,
    revokedMs: 0,
  },
  {
    peer: nginx,
    title: 'nginx 1.22.1',
    measured: [measured('static', [20, 30, 90])],
    memoryMb: 50,
    revokedMs: Number.POSITIVE_INFINITY,
  },
  { peer: { ...nginx, name: 'other' }, title: 'other', why: 'not for sale', measured: [] },
];
const quiet = { quick: false, load: 0.1 };

test('each program is compared with Usher of the same round, wire and kind of token', () => {
  const rows = tableOf(outcomes).split('\n');
  expect(rows[2]).toContain('| **Usher** | static | 20.0 (10.0–30.0) |  | 12,346 | 0.25 | 1.50 |');
  expect(rows[4]).toContain('| nginx 1.22.1 | static | 30.0 (20.0–90.0) | 2.00 x (1.50–3.00) |');
  expect(rows[4]).toMatch(/\| 50 \| still valid after 15 s \|$/);
});

test('a program that cannot be had is a row that says why', () => {
  const row = tableOf(outcomes).split('\n')[5];
  expect(row).toContain('| other |  | not here: not for sale |');
  expect(row?.split('|')).toHaveLength(12);
});

test('the notes say what each program lacks, and whether the machine was busy', () => {
  const notes = notesOf(outcomes, quiet);
  expect(notes).toContain(`- **nginx 1.22.1**: ${nginx.does}. What it lacks: ${nginx.cannot}.`);
  expect(notes).not.toContain('was busy');
  expect(notesOf(outcomes, { quick: true, load: 9 })).toContain('The machine was busy');
});

test('the chart names each program that was measured', async () => {
  const { svg } = await peersChart(outcomes);
  expect(svg).toContain('nginx 1.22.1, static');
  expect(svg).not.toContain('other, ');
});

test('a missing program is reported with the line that installs it', async () => {
  const missing = () => installed('no-such-program', 'apt-get install it');
  expect(missing).toThrow(Unobtainable);
  expect(missing).toThrow('no-such-program is missing; this installs it: apt-get install it');
  expect(installed('sh', '')).toMatch(/\/sh$/);
  expect(await goInstalled('sh', 'example.com/never@v1.0.0')).toMatch(/\/sh$/);
});

test("Go's complaint is told without addresses", () => {
  const refused = 'go: x@v1: reading https://proxy.example/x: 403\n\tserver response: No.\n';
  expect(whyGoFailed({ stderr: refused })).toBe('No.');
  const lookUp = 'go: x: reading https://sum.example/lookup: 404 Not Found\n';
  expect(whyGoFailed({ stderr: lookUp })).toBe('404 Not Found');
  expect(whyGoFailed({ code: 'ENOENT' })).toContain('go is missing');
});

test('a token that the peer goes on calling valid is waited for', async () => {
  const answers = [true, true, false];
  const server = createServer((_, response) => {
    response.statusCode = (answers.shift() ?? false) ? 200 : 401;
    response.end();
  });
  await new Promise<void>(done => server.listen(0, '127.0.0.1', done));
  const { port } = server.address() as { port: number };
  const peer = {
    ...{ pids: () => [], address: `127.0.0.1:${port}`, headers: {} },
    revoke: async () => undefined,
    stop: async () => undefined,
  };
  const ms = await revokedAfterMs('http', peer, 'token');
  expect(ms).toBeGreaterThan(-1);
  expect(answers).toEqual([]);
  const { revoke: _, ...cannot } = peer;
  expect(await revokedAfterMs('http', cannot, 'token')).toBeUndefined();
  server.closeAllConnections();
  server.close();
});

test('a page that is written anew keeps the sections that it lacks', () => {
  const old = '# Old\n\n## A\n\nold\n\n## B\n\nkept\n';
  expect(withOthers('# New\n\n## A\n\nnew\n', old)).toBe('# New\n\n## A\n\nnew\n\n## B\n\nkept\n');
});
