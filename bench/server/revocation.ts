/** Measures the time from an acknowledged revocation to the last "valid" verdict of any client. */

import { type Manager, managerOf } from '../access-tokens.ts';
import { cores } from '../load.ts';
import { type RedisServer, startRedis, startUsher, type Usher } from '../processes.ts';
import { quantile, type Row } from '../row.ts';
import { type Cuttable, openCuttable } from './cuttable.ts';
import { type Clients, startClients } from './revocation-watch.ts';

const revocations = 1000;
/** Number of tokens that are verified at a time, among them the next one to be revoked. */
const watchedAtOnce = 16;
/** How long a token is verified after its revocation, in milliseconds; longer than the bound. */
const watchedMs = 500;
const healthyMs = { p99: 50, max: 250 };
const leaseMs = 2000;
const faultRounds = 2;
const faultTokens = 8;
/** How long a fault lasts, in milliseconds. */
const faultMs = 3500;

interface Place {
  redis: RedisServer;
  /** The proxy between the third server and Redis. */
  way: Cuttable;
  ushers: Usher[];
  manager: Manager;
}

/** The rows of the part "revocation". */
export async function revocationRows(): Promise<Row[]> {
  const redis = await startRedis(cores.both);
  const way = await openCuttable(redis.port);
  const ushers = await Promise.all(
    [redis.port, redis.port, way.port].map(port =>
      startUsher(
        // The faults cut off the store on purpose: the errors need not be logged.
        { USHER_STORE: `redis://127.0.0.1:${port}`, USHER_LOG_LEVEL: 'fatal' },
        cores.both,
      ),
    ),
  );
  const place = { redis, way, ushers, manager: managerOf(ushers[0] as Usher) };
  try {
    const healthy = await withClients(place, clients => healthyRows(place, clients));
    return [...healthy, ...(await faultRows(place))];
  } finally {
    await Promise.all(ushers.map(usher => usher.stop()));
    way.stop();
    await redis.stop();
  }
}

/** Runs a task with new clients: earlier ones may have switched away from a server that failed. */
async function withClients<T>(place: Place, task: (clients: Clients) => Promise<T>): Promise<T> {
  const clients = await startClients(place.ushers.map(({ grpc }) => grpc));
  try {
    return await task(clients);
  } finally {
    await clients.stop();
  }
}

const monotonicMs = () => Number(process.hrtime.bigint()) / 1e6;
const after = (ms: number) => new Promise<void>(resolve => setTimeout(resolve, ms));

async function healthyRows({ manager }: Place, clients: Clients): Promise<Row[]> {
  const before = monotonicMs();
  const tokens: { id: string; token: string }[] = [];
  while (tokens.length < revocations) tokens.push(await manager.createStatic());
  const lateMs: Promise<number>[] = [];
  const watching: Promise<void>[] = [];
  const watchUntil = (end: number) => {
    for (const { token } of tokens.slice(watching.length, end)) {
      watching.push(clients.watch(watching.length, token));
    }
  };
  for (const [n, { id }] of tokens.entries()) {
    watchUntil(n + watchedAtOnce);
    await watching[n];
    await manager.revoke(id);
    const acknowledgedMs = monotonicMs();
    lateMs.push(
      after(watchedMs).then(async () => Math.max(0, (await clients.drop(n)) - acknowledgedMs)),
    );
    await after(10);
    if (n % 100 === 0) process.stderr.write('.');
  }
  const values = (await Promise.all(lateMs)).sort((a, b) => a - b);
  const { valid, verdicts } = await clients.check(tokens.map(({ token }) => token));
  const [p50, p99, max] = [quantile(values, 0.5), quantile(values, 0.99), quantile(values, 1)];
  const perSecond = Math.round((verdicts / (monotonicMs() - before)) * 1000);
  return [
    {
      what: `${revocations.toLocaleString('en')} revocations acknowledged → last "valid" on 3 servers and 20 SDK clients`,
      measured: `p50 ${p50.toFixed(1)}, p99 ${p99.toFixed(1)}, max ${max.toFixed(1)} ms`,
      bound: `p99 at most ${healthyMs.p99} ms, max ${healthyMs.max} ms`,
      pass: p99 <= healthyMs.p99 && max <= healthyMs.max && valid === 0,
      values,
    },
    {
      what: 'verdicts a second during this, of all clients together',
      measured: perSecond.toLocaleString('en'),
    },
  ];
}

/** A fault, which begins before the revocation, or right after its acknowledgement. */
interface Fault {
  what: string;
  begin(place: Place): void;
  end(place: Place): void;
  afterwards?: true;
}

const faults: Fault[] = [
  {
    what: 'one server cut off from Redis, feed and data, before the revocation',
    begin: ({ way }) => way.cut(),
    end: ({ way }) => way.mend(),
  },
  {
    what: 'one server stopped (SIGSTOP) before the revocation',
    begin: ({ ushers }) => process.kill((ushers[2] as Usher).pid, 'SIGSTOP'),
    end: ({ ushers }) => process.kill((ushers[2] as Usher).pid, 'SIGCONT'),
  },
  {
    what: 'Redis stopped (SIGSTOP) as soon as the revocation was acknowledged',
    begin: ({ redis }) => process.kill(redis.pid, 'SIGSTOP'),
    end: ({ redis }) => process.kill(redis.pid, 'SIGCONT'),
    afterwards: true,
  },
];

async function faultRows(place: Place): Promise<Row[]> {
  const rows: Row[] = [];
  for (const fault of faults) {
    const values: number[] = [];
    for (let round = 0; round < faultRounds; round++) {
      values.push(...(await withClients(place, clients => play(place, fault, clients))));
    }
    values.sort((a, b) => a - b);
    const max = quantile(values, 1);
    rows.push({
      what: `last "valid" with ${fault.what}`,
      measured: `max ${max.toFixed(0)} ms of ${values.length} revocations`,
      bound: `at most ${leaseMs} ms`,
      pass: max <= leaseMs,
      values,
    });
  }
  return rows;
}

/** Plays a fault once: for how long each token was called valid after its revocation, in ms. */
async function play(place: Place, fault: Fault, clients: Clients): Promise<number[]> {
  const { manager } = place;
  const tokens: { id: string; token: string }[] = [];
  while (tokens.length < faultTokens) tokens.push(await manager.createStatic());
  await Promise.all(tokens.map(({ token }, n) => clients.watch(n, token)));
  const acknowledgedMs: number[] = [];
  try {
    if (fault.afterwards === undefined) fault.begin(place);
    for (const { id } of tokens) {
      await manager.revoke(id);
      acknowledgedMs.push(monotonicMs());
    }
    if (fault.afterwards) fault.begin(place);
    await after(faultMs);
  } finally {
    fault.end(place);
  }
  await after(watchedMs);
  const lastValidMs = await Promise.all(tokens.map((_, n) => clients.drop(n)));
  process.stderr.write('.');
  return lastValidMs.map((last, n) => Math.max(0, last - (acknowledgedMs[n] as number)));
}
