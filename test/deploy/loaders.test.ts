/** The compose file and the Terraform example, read by the code that Docker Compose and Terraform's tools read with. */

import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { parse } from 'yaml';
import { program } from '../program.ts';

const deploy = join(import.meta.dirname, '../../deploy');
const folder = mkdtempSync(join(tmpdir(), 'usher-deploy-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const load = (file: string) =>
  spawnSync(program('compose-go'), ['-format', 'json', file], { encoding: 'utf8' });

test('the compose file fits the schema', () => {
  const { status, stdout, stderr } = load(join(deploy, 'compose/compose.yaml'));
  expect([status, stderr]).toEqual([0, '']);
  const { services } = JSON.parse(stdout);
  expect(Object.keys(services).toSorted()).toEqual(
    ['app', 'envoy', 'prometheus', 'usher-1', 'usher-2', 'valkey'].toSorted(),
  );
  for (const name of ['usher-1', 'usher-2']) {
    expect(services[name]).toMatchObject({
      read_only: true,
      cap_drop: ['ALL'],
      depends_on: { valkey: { condition: 'service_healthy' } },
    });
  }
});

test('a misspelt member is found', () => {
  const text = readFileSync(join(deploy, 'compose/compose.yaml'), 'utf8');
  const file = join(folder, 'compose.yaml');
  writeFileSync(file, text.replace('read_only: true', 'readonly: true'));
  const { status, stderr } = load(file);
  expect(status).not.toBe(0);
  expect(stderr).toMatch(/readonly/);
});

test('the Terraform example can be read, and names the chart and values that the chart has', () => {
  const inspect = (path: string) =>
    JSON.parse(
      execFileSync(program('terraform-config-inspect'), ['--json', path], { encoding: 'utf8' }),
    );
  const found = inspect(join(deploy, 'terraform'));
  expect(found.diagnostics ?? []).toEqual([]);
  expect(Object.keys(found.variables).toSorted()).toEqual(['chart', 'image', 'namespace']);
  expect(Object.keys(found.managed_resources)).toEqual(['helm_release.usher']);
  expect(found.required_providers.helm.source).toBe('hashicorp/helm');

  cpSync(join(deploy, 'terraform'), folder, { recursive: true });
  const text = readFileSync(join(folder, 'main.tf'), 'utf8');
  const given = /values = \[yamlencode\(\{(.*?)\n {2}\}\)\]/s.exec(text)?.[1] ?? '';
  const named = [...given.matchAll(/^ {4}(\w+) +=/gm)].map(([, name]) => name as string);
  const values = parse(readFileSync(join(deploy, 'helm/usher/values.yaml'), 'utf8'));
  expect(named.length).toBeGreaterThan(3);
  for (const name of named) expect(Object.keys(values)).toContain(name);

  writeFileSync(join(folder, 'main.tf'), text.replace('type        = string', 'type = '));
  const broken = spawnSync(program('terraform-config-inspect'), [folder], { encoding: 'utf8' });
  expect(broken.stdout).toMatch(/Invalid expression|Error/);
});
