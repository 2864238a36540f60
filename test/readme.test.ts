/** The commands of the README and the docs, run in order as pasted: they print what is shown. */

import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { reasons } from '../src/verify/verdict.ts';
import { launchChromium } from './manager/chromium.ts';
import { type BashSession, openBash } from './readme/bash-session.ts';
import {
  codeBlock,
  outputLike,
  type Page,
  type Snippet,
  shellSnippets,
} from './readme/snippets.ts';
import { checkout, findPlace, type Place, type Started, start } from './readme/started.ts';
import { type RedisServer, startRedis } from './store/redis/server.ts';
import { until } from './until.ts';

/** Generous, in milliseconds: Go downloads a module, and npm starts a process for each command. */
const snippetMsMax = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'usher-readme-'));
let place: Place;
let server: Started;
let bash: BashSession;

const tourPage: Page = { file: 'README.md', heading: 'One minute' };
const jwtPage: Page = { file: 'docs/jwt.md' };
const redisPage: Page = { file: 'docs/redis.md' };

const [startUp] = shellSnippets({ file: 'README.md', heading: 'Start' });

beforeAll(async () => {
  place = await findPlace({ USHER_STORE: `lmdb:${folder}/data`, TMPDIR: folder });
  server = await start('npm start', place.env, '--name first');
  bash = openBash(checkout, place.env);
});

afterAll(async () => {
  await bash.close();
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function runs({ commands, shown }: Snippet) {
  const { code, stdout, stderr } = await bash.run(place.adapt(commands));
  expect(code, stderr).toBe(0);
  if (shown !== undefined) expect(stdout.replaceAll('\r', '').trim()).toMatch(outputLike(shown));
}

test('two commands start the server, which prints its addresses', () => {
  expect(startUp?.commands).toBe('npm ci\nnpm start\n');
  const said = server.stdout().slice(server.stdout().indexOf('Usher is ready.'));
  // Only commands to a port that is not the default one name it.
  const named = place.adapt('USHER_MANAGER_URL=http://127.0.0.1:8081 npm');
  expect(said.split(named)).toHaveLength(3);
  expect(said.replaceAll(named, 'npm').trim()).toMatch(
    outputLike(place.adapt(startUp?.shown ?? '')),
  );
});

describe('the tour', () => {
  const tour = shellSnippets(tourPage);

  test('has all its steps', () => expect(tour).toHaveLength(4));

  test.each(tour.map(snippet => [snippet.commands.split('\n')[0], snippet] as const))(
    '%s',
    async (_, snippet) => runs(snippet),
    snippetMsMax,
  );
});

describe('JWTs', () => {
  const snippets = shellSnippets(jwtPage);

  test('has all its steps', () => expect(snippets).toHaveLength(7));

  test.each(snippets.map(snippet => [snippet.commands.split('\n')[0], snippet] as const))(
    '%s',
    async (_, snippet) => runs(snippet),
    snippetMsMax,
  );

  test('the browser fetches from a page of another origin', async () => {
    const jwt = await bash.valueOf('JWT');
    const script = place.adapt(codeBlock(jwtPage, 'js')).replace('[JWT_VALUE]', jwt);
    const page = createServer((_, res) => {
      res.setHeader('Content-Type', 'text/html').end('<title>an app</title>');
    });
    await new Promise<void>(resolve => page.listen(0, '127.0.0.1', resolve));
    const browser = await launchChromium();
    try {
      const tab = await browser.newPage();
      await tab.goto(`http://127.0.0.1:${(page.address() as AddressInfo).port}/`);
      const [logged] = await Promise.all([tab.waitForEvent('console'), tab.evaluate(script)]);
      expect(await logged.args()[0]?.jsonValue()).toEqual({
        message: 'Oh, Hello',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/),
      });
    } finally {
      await browser.close();
      await new Promise(resolve => page.close(resolve));
    }
  });
});

test('the table of refusals matches the code', () => {
  const rows = Object.entries(reasons).map(
    ([reason, { http, grpc, text }]) => `| \`${reason}\` | ${http} | \`${grpc}\` | ${text} |`,
  );
  expect(readFileSync(join(checkout, 'docs/verdicts.md'), 'utf8')).toContain(rows.join('\n'));
});

test('the server ends when npm gets the signal', async () => {
  expect(await server.stop()).toBe(0);
  await expect(fetch(`${place.http}/healthz`)).rejects.toThrow();
});

describe('with Redis', () => {
  let redis: RedisServer;
  beforeAll(async () => {
    redis = await startRedis({ persistent: true, config: ['maxmemory-policy noeviction'] });
  });
  afterAll(() => redis.stop());

  test(
    'it starts with the settings shown, as a Redis user with only the permissions shown',
    async () => {
      await redis.send(...codeBlock(redisPage, 'text').trim().split(' '));
      const [snippet] = shellSnippets(redisPage);
      const commands = snippet?.commands
        .replace('redis://127.0.0.1:6379', `redis://usher:password@127.0.0.1:${redis.port}`)
        .replaceAll('~/', `${folder}/`);
      const keys = `cat ${folder}/usher-keys/*`;
      await bash.run(commands?.replace('npm start', '') ?? '');
      const made = (await bash.run(keys)).stdout;
      await bash.run(commands?.replace('npm start', `npm start >${folder}/log 2>&1 &`) ?? '');
      // Pasted again, the block keeps the secrets that it made.
      expect(made).toMatch(/^[0-9a-f]{64}\nk1:\S{44}\n$/);
      expect((await bash.run(keys)).stdout).toBe(made);
      try {
        await until(async () => (await fetch(`${place.http}/readyz`)).ok);
        // The feed is armed, so that records may be served from memory.
        await until(async () =>
          / name=usher-feed .* flags=\w*t/.test(String(await redis.send('CLIENT', 'LIST'))),
        );
        const [tour] = shellSnippets(tourPage);
        if (tour === undefined) throw new Error('there is no tour');
        await runs(tour);
        await runs({ commands: 'npm run -s usher -- token revoke "$ID"', shown: undefined });
        const refused = { commands: `curl -H "Authorization: $API_TOKEN" ${place.http}/` };
        await runs({ ...refused, shown: '{"error":"token has been revoked"}' });
        const log = (await bash.run(`cat ${folder}/log`)).stdout;
        expect(log).not.toMatch(/"level":"(?:warn|error)"/);
        // Only the first start of an embedded store prints a link; every start says how to get one.
        expect(log).not.toContain('Sign in once');
        expect(log).toContain('npm run -s usher -- login ');
      } finally {
        await bash.run('kill %1; wait');
      }
    },
    snippetMsMax,
  );
});
