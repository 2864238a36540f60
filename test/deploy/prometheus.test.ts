/** The metrics, alerts and dashboard with a real Prometheus. */

import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { dashboard } from '../../deploy/grafana/usher.ts';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { freePort } from '../free-port.ts';
import { program } from '../program.ts';
import { adminOf } from '../server/api.ts';
import { runServer, type TestServer } from '../server/run-server.ts';
import { until } from '../until.ts';

const root = join(import.meta.dirname, '../..');
const rules = join(root, 'deploy/prometheus/alerts.yaml');
let server: TestServer;
let folder: string;
let address: string;
let prometheus: ReturnType<typeof spawn>;

beforeAll(async () => {
  server = await runServer({ USHER_METRICS_LISTEN: '127.0.0.1:0' });
  folder = mkdtempSync(join(tmpdir(), 'usher-prometheus-'));
  const config = readFileSync(join(root, 'deploy/prometheus/prometheus.yaml'), 'utf8')
    .replace('127.0.0.1:9464', server.metrics)
    .replace('scrape_interval: 15s', 'scrape_interval: 500ms')
    .replace('[alerts.yaml]', `["${rules}"]`);
  writeFileSync(join(folder, 'prometheus.yaml'), config);
  address = `127.0.0.1:${await freePort()}`;
  const args = [
    `--config.file=${join(folder, 'prometheus.yaml')}`,
    `--storage.tsdb.path=${join(folder, 'data')}`,
    `--web.listen-address=${address}`,
    '--enable-feature=native-histograms',
  ];
  prometheus = spawn(program('prometheus'), args, { stdio: 'ignore' });
  const { token } = await adminOf(server).create({ kind: Kind.STATIC, name: 'a' });
  for (let n = 0; n < 20; n++) {
    const asked = await fetch(`http://${server.http}/`, { headers: { authorization: token } });
    await asked.text();
  }
  await until(async () => (await query('up')) === 1);
});
afterAll(async () => {
  prometheus?.kill('SIGKILL');
  await server?.stop();
  rmSync(folder, { recursive: true, force: true });
});

/** The value of a query; undefined for no result, or while Prometheus starts. */
async function query(expr: string): Promise<number | undefined> {
  const url = `http://${address}/api/v1/query?query=${encodeURIComponent(expr)}`;
  const answer = await fetch(url).catch(() => undefined);
  if (answer === undefined || !answer.ok) return undefined;
  const { data } = (await answer.json()) as { data: { result: { value: [number, string] }[] } };
  const value = data.result[0]?.value[1];
  return value === undefined ? undefined : Number(value);
}

test('it reads the metrics, and its native histograms', async () => {
  await until(async () => (await query('usher_verdicts_total{reason="NONE"}')) === 20);
  const root = '{door="root",method="/"}';
  await until(
    async () => (await query(`histogram_count(usher_call_duration_seconds${root})`)) === 20,
  );
  const half = await query(`histogram_quantile(0.5, usher_call_duration_seconds${root})`);
  expect(half).toBeGreaterThan(0);
  expect(half).toBeLessThan(10);
  expect(await query('usher_build_info')).toBe(1);
});

test('the alerts are right by promtool, and its tests of them pass', () => {
  const promtool = (...args: string[]) =>
    execFileSync(program('promtool'), args, {
      cwd: join(root, 'deploy/prometheus'),
      stdio: 'pipe',
    });
  promtool('check', 'rules', 'alerts.yaml');
  promtool('check', 'config', 'prometheus.yaml');
  promtool('test', 'rules', 'alerts.test.yaml');
});

test('no alert of it is active over a server that is well', async () => {
  const answer = await fetch(`http://${address}/api/v1/rules`);
  const { data } = (await answer.json()) as {
    data: { groups: { rules: { name: string; state: string; health: string }[] }[] };
  };
  const all = data.groups.flatMap(group => group.rules);
  expect(all.length).toBeGreaterThan(10);
  expect(all.filter(({ state }) => state !== 'inactive')).toEqual([]);
  expect(all.filter(({ health }) => health === 'err')).toEqual([]);
});

/** The names of metrics in expressions. */
function metricsIn(expressions: readonly string[]): string[] {
  const names = expressions.join('\n').match(/\b(?:usher|nodejs|process)_[a-z0-9_]+/g) ?? [];
  return [...new Set(names)].toSorted();
}

/** The name of a metric without what a histogram adds to it. */
const familyOf = (name: string) => name.replace(/_(bucket|sum|count)$/, '');

test('the alerts and the dashboard name metrics that there are', async () => {
  const text = await (await fetch(`http://${server.metrics}/metrics`)).text();
  const known = new Set(text.match(/(?<=^# TYPE )\S+/gm));
  const inAlerts = metricsIn([
    readFileSync(rules, 'utf8').replace(/annotations:[\s\S]*?(?=- alert)/g, ''),
  ]);
  const inDashboard = metricsIn(expressionsOf());
  expect(inAlerts.length).toBeGreaterThan(8);
  expect(inDashboard.length).toBeGreaterThan(15);
  for (const name of [...inAlerts, ...inDashboard]) {
    expect(known.has(name) || known.has(familyOf(name)), name).toBe(true);
  }
});

function expressionsOf(): string[] {
  const panels = (dashboard.panels ?? []) as { targets?: { expr?: unknown }[] }[];
  return panels.flatMap(({ targets = [] }) => targets.map(({ expr }) => String(expr)));
}

test('Prometheus understands each expression of the dashboard', async () => {
  for (const expr of expressionsOf()) {
    const asked = expr.replaceAll('$__rate_interval', '1m').replaceAll('$instance', '.*');
    const url = `http://${address}/api/v1/query?query=${encodeURIComponent(asked)}`;
    expect((await fetch(url)).status, asked).toBe(200);
  }
});

test('the file that Grafana imports is the one that the dashboard writes', () => {
  const file = readFileSync(join(root, 'deploy/grafana/usher.json'), 'utf8');
  expect(JSON.parse(file)).toEqual(JSON.parse(JSON.stringify(dashboard)));
});
