/**
 * The server, the command line and the SDK as npm packs and installs them, and the path of a newcomer
 * from an empty folder: docs/installing.md, then the README's steps.
 */

import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { installPacked } from '../client/packed.ts';
import { type BashSession, openBash } from '../readme/bash-session.ts';
import { shellSnippets } from '../readme/snippets.ts';
import { findPlace, type Place } from '../readme/started.ts';
import { type Receiver, startReceiver } from '../tracing/receiver.ts';
import { until } from '../until.ts';
import { type Installed, installServer, packMsMax } from './install-packed.ts';
import { startUsherProcess, type UsherProcess } from './usher-process.ts';

const run = promisify(execFile);
const folder = mkdtempSync(join(tmpdir(), 'usher-npx-'));
let installed: Installed;

beforeAll(async () => {
  installed = await installServer(folder);
  await installPacked(folder);
}, 2 * packMsMax);
afterAll(() => rmSync(folder, { recursive: true }));

test('it holds no TypeScript', () => {
  const files = readdirSync(installed.folder, { recursive: true, encoding: 'utf8' });
  expect(files).toContain('lib/main.js');
  expect(files.filter(name => /\.tsx?$/.test(name))).toEqual([]);
});

describe('with workers', () => {
  let usher: UsherProcess;
  beforeAll(async () => {
    usher = await startUsherProcess({ USHER_WORKERS: '2' }, ':', installed.bin);
  });
  afterAll(() => usher?.remove());

  test('it serves, and its command line reaches it', async () => {
    const { manager, http, adminToken } = usher;
    const env = { USHER_MANAGER_URL: `http://${manager}`, USHER_ADMIN_TOKEN: adminToken };
    const args = ['--json', 'token', 'create', '--kind', 'static', '--name', 'a'];
    const { stdout } = await run(process.execPath, [installed.bin, ...args], {
      env: { PATH: process.env.PATH, ...env },
    });
    const headers = { authorization: JSON.parse(stdout).token };
    expect((await fetch(`http://${http}/`, { headers })).status).toBe(200);
    expect((await fetch(`http://${http}/openapi.yaml`)).status).toBe(200);
  });

  test('it starts again after a crash, for which it reads its store in another process', async () => {
    await usher.kill();
    await usher.start();
    expect(await usher.stop()).toBe(0);
  });
});

describe('a newcomer in an empty folder', () => {
  let receiver: Receiver;
  let place: Place;
  let bash: BashSession;
  beforeAll(async () => {
    receiver = await startReceiver();
    place = await findPlace({
      OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
      OTEL_BSP_SCHEDULE_DELAY: '50',
    });
    // The machine's own Node may be too old.
    place.env.PATH = [dirname(process.execPath), place.env.PATH].join(delimiter);
    bash = openBash(folder, place.env);
  });
  afterAll(async () => {
    await bash?.close();
    await receiver?.stop();
  });
  const runs = async (commands: string) => {
    const { code, stdout, stderr } = await bash.run(place.adapt(commands));
    expect(code, stderr).toBe(0);
    return stdout;
  };

  test('serves by the command of the page, makes a token and says hello', async () => {
    const [snippet] = shellSnippets({ file: 'docs/installing.md', heading: 'The package' });
    const [install, serve] = (snippet?.commands ?? '').trimEnd().split('\n');
    // With the packages of the checkout: npm run release installs it from the registry.
    expect(install).toBe('npm install ./usher-*.tgz');
    expect(serve).toBe('npx usher serve');
    await bash.run('node_modules/.bin/usher serve >log 2>&1 &');
    await until(async () => (await fetch(`${place.http}/readyz`)).ok, 60_000);
    await runs('MADE=$(npx usher token create --kind static --name first)');
    await runs(`ID=$(echo "$MADE" | awk '/^id/ { print $2 }')
      export API_TOKEN=$(echo "$MADE" | awk '/^token/ { print $2 }')`);
    expect(await runs('curl -s -H "Authorization: $API_TOKEN" http://127.0.0.1:8080/')).toMatch(
      /^\{"message":"Oh, Hello","time":"[^"]+Z"\}$/,
    );
  }, 120_000);

  const askBySdk = 'node ask.js';
  test('points the SDK at it', async () => {
    writeFileSync(
      join(folder, 'ask.js'),
      `import { createUsher } from '@usher/client';
       const usher = createUsher({ addresses: ['${place.env.USHER_GRPC_LISTEN}'], deadlineMs: 20_000 });
       const verdict = await usher.verify(process.env.API_TOKEN);
       console.log(verdict.valid ? 'good' : verdict.reason);
       usher.close();`,
    );
    expect(await runs(askBySdk)).toBe('good\n');
  }, 60_000);

  test('sees its metrics, and a trace', async () => {
    const metrics = await runs('curl -s http://127.0.0.1:9464/metrics');
    expect(metrics).toMatch(/^usher_verdicts_total\{reason="NONE",[^}]*\} [1-9]/m);
    expect(metrics).toMatch(/^usher_build_info\{version="[^"]+"/m);
    await until(() =>
      receiver.spans.some(({ name }) => name === 'usher.v1.VerifierService/Verify'),
    );
    expect(receiver.spans.some(({ name }) => name === 'verify')).toBe(true);
    expect(receiver.text()).not.toContain(await bash.valueOf('API_TOKEN'));
  });

  test('revokes the token, and it is refused everywhere', async () => {
    await runs('npx usher token revoke "$ID" --reason "the tour"');
    const answer =
      'curl -s -w "%{http_code}" -H "Authorization: $API_TOKEN" http://127.0.0.1:8080/';
    expect(await runs(answer)).toBe('{"error":"token has been revoked"}401');
    expect(await runs(askBySdk)).toBe('REVOKED\n');
    expect((await bash.run('kill $!; wait $!; echo $?')).stdout).toBe('0\n');
  }, 60_000);
});
