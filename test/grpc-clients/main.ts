/**
 * Makes the calls of README.md by real clients and through real proxies, and prints the table of
 * docs/engine.md. `node test/grpc-clients/main.ts [--engine grpc-js] [--tls] [--write] [NAME…]`
 */

import { spawn } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { Kind } from '../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from '../server/api.ts';
import { startUsherProcess, type UsherProcess } from '../server/usher-process.ts';
import { makeFiles } from '../transport/tls/files.ts';
import { type Client, clients, throughProxies, web } from './clients.ts';
import { proxies, startProxy, webProxy } from './proxies.ts';

/** What the clients print. */
type Line = { waits: 'restart' } | { call: string; ok: boolean; why?: string };
/** Whether each call went right, or why not. */
type Outcomes = Map<string, true | string>;

/** A row of the table. */
interface Row {
  name: string;
  client: Client;
  proxy?: Parameters<typeof startProxy>[1];
}

const rows: Row[] = [
  ...clients.map(client => ({ name: client.name, client })),
  { name: web.name, client: web, proxy: webProxy },
  ...Object.entries(proxies).map(([name, proxy]) => ({
    name: `${throughProxies.name}, ${name}`,
    client: throughProxies,
    proxy,
  })),
];

const calls = [
  ...['unary', 'error', 'deadline', 'cancel', 'big', 'compressed', 'stream'],
  ...['health', 'reflection', 'goaway', 'reconnect'],
];

/** The page and the marks between which the table stands. */
const page = 'docs/engine.md';
const marks = ['<!-- clients -->\n', '<!-- /clients -->'] as const;

const { values, positionals } = parseArgs({
  options: {
    engine: { type: 'string', default: 'h2' },
    write: { type: 'boolean', default: false },
    tls: { type: 'boolean', default: false },
  },
  allowPositionals: true,
});
const tls = values.tls ? tlsSettings() : undefined;
const possible = tls === undefined ? rows : rows.filter(row => row.client.hasTls && !row.proxy);
const wanted = possible.filter(
  ({ name }) => positionals.length === 0 || positionals.includes(name),
);
if (values.write && values.tls) throw new Error('the table is that of plain text');
if (wanted.length === 0)
  throw new Error(`there are: ${possible.map(({ name }) => name).join('; ')}`);
for (const build of new Set(wanted.map(({ client }) => client.build))) build();

const table: string[] = [`| | ${calls.join(' | ')} |`, `|---|${calls.map(() => '---').join('|')}|`];
let failed = 0;
for (const row of wanted) {
  const outcomes = await play(row);
  const cells = calls.map(call => {
    const outcome = outcomes.get(call);
    if (typeof outcome === 'string') {
      failed++;
      console.error(`${row.name}: ${call}: ${outcome}`);
      return '**failed**';
    }
    return outcome ? 'ok' : '';
  });
  const line = `| ${row.name} | ${cells.join(' | ')} |`;
  console.log(line);
  table.push(line);
}
if (values.write) write(`${table.join('\n')}\n`);
console.log(`${failed} failed`);
process.exit(failed === 0 ? 0 : 1);

/** The settings of a server with TLS, and what a client needs for it. */
function tlsSettings() {
  const { env, path, remove } = makeFiles();
  process.once('exit', remove);
  const own = Object.entries(env).filter(([name]) => !name.startsWith('USHER_MANAGER'));
  return {
    server: Object.fromEntries(own),
    client: {
      USHER_CA: path('ca.crt'),
      USHER_CERT: path('client.crt'),
      USHER_KEY: path('client.key'),
    },
  };
}

/** Makes the calls of one row against a server of its own, whose connections live a second. */
async function play({ name, client, proxy }: Row): Promise<Outcomes> {
  const usher = await startUsherProcess({
    USHER_GRPC_ENGINE: values.engine,
    USHER_CONNECTION_AGE_MS: '1000',
    ...tls?.server,
  });
  const { token } = await adminOf(usher).create({ kind: Kind.STATIC, name: 'clients' });
  const between = proxy && (await startProxy(name.split(', ').at(-1) ?? '', proxy, usher.grpc));
  try {
    return await runClient(client, between?.target ?? usher.grpc, `Bearer ${token}`, usher);
  } finally {
    await between?.stop();
    await usher.remove();
  }
}

async function runClient(
  { command, env }: Client,
  target: string,
  token: string,
  usher: UsherProcess,
): Promise<Outcomes> {
  const outcomes: Outcomes = new Map();
  const [path = '', ...args] = command;
  const child = spawn(path, args, {
    env: {
      PATH: process.env.PATH,
      USHER_TARGET: tls === undefined ? target : target.replace('127.0.0.1', 'localhost'),
      ...tls?.client,
      USHER_TOKEN: token,
      USHER_ADMIN_TOKEN: usher.adminToken,
      ...env,
    },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  for await (const text of createInterface({ input: child.stdout })) {
    const line: Line = JSON.parse(text);
    if ('waits' in line) {
      await usher.stop();
      await usher.start();
      child.stdin.end('go\n');
    } else {
      outcomes.set(line.call, line.ok || (line.why ?? 'without a reason'));
    }
  }
  if (!outcomes.has('reconnect'))
    outcomes.set('reconnect', 'the client ended before its last call');
  return outcomes;
}

function write(text: string): void {
  const whole = readFileSync(page, 'utf8');
  const [from, to] = marks.map(mark => whole.indexOf(mark)) as [number, number];
  if (from < 0 || to < from) throw new Error(`${page} has no place for the table`);
  writeFileSync(page, whole.slice(0, from + marks[0].length) + text + whole.slice(to));
}
