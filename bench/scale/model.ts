/** Predicts what a deployment needs, from constants that `measure.ts` measures. Nothing here measures. */

/** What one process, one call, one change or one watcher costs. CPU times are in microseconds. */
export interface Constants {
  /** CPU of a verdict from memory over gRPC, and over HTTP (`GET /`). */
  grpcUs: number;
  httpUs: number;
  /** What a verdict costs more where the record is read from Redis: Usher's CPU, and Redis'. */
  missUs: number;
  missRedisUs: number;
  /** A record on its way from Redis, in bytes. */
  recordBytes: number;
  /** Memory of a process at rest, and for each static token in its caches, in bytes. */
  processBytes: number;
  cachedTokenBytes: number;
  /** What the record of such a token weighs in its cache, in bytes. */
  recordWeightBytes: number;
  /** Memory of Redis for each access token, and for each change in its log, in bytes. */
  tokenRedisBytes: number;
  changeRedisBytes: number;
  /** What a process without calls asks of Redis in a second, what that costs both, and the answers. */
  idleCommands: number;
  idleRedisUs: number;
  idleUs: number;
  idleBytes: number;
  /** Of one change: commands and Redis' CPU, without what its announcement costs. */
  changeCommands: number;
  changeRedisUs: number;
  /** Of one change, for each process that gets its invalidation: Redis' CPU, what Redis sends in bytes, and the process' CPU. */
  toldRedisUs: number;
  toldBytes: number;
  toldUs: number;
  /** Of a watcher (an SDK): memory of the server in bytes, and of each message CPU and bytes. */
  watcherBytes: number;
  messageUs: number;
  messageBytes: number;
  /** Messages to a watcher in a second without changes. */
  heartbeats: number;
}

/** A deployment. */
export interface Deployment {
  /** Verifications a second that reach a server: those that an SDK answers itself are not among them. */
  verdicts: number;
  /** Access tokens, used by Zipf's law: the nth is used 1/n as often. */
  tokens: number;
  /** Changes a second: creations, updates, rotations, revocations. */
  changes: number;
  /** Processes: replicas times workers. As many as the calls and watchers need if absent. */
  processes?: number;
  /** SDKs that watch. */
  sdks: number;
  /** `USHER_MEMORY_MB`. */
  memoryMb: number;
}

/** What it needs. */
export interface Needs {
  processes: number;
  /** The share of verdicts that need no read of Redis, from 0 to 1. */
  hitShare: number;
  /** Commands to Redis in a second, its CPU in cores, its memory and what it sends in a second, in bytes. */
  redisCommands: number;
  redisCores: number;
  redisBytes: number;
  redisSentBytes: number;
  /** Memory of each process, in bytes. */
  processBytes: number;
  /** CPU of all processes, in cores. */
  cores: number;
  /** Messages to all watchers in a second. */
  messages: number;
}

/** How busy a core may be, from 0 to 1: what is left is for peaks, and for the loss of a neighbour. */
const busyMax = 0.6;
/** Watchers of one process, by default at most (`USHER_WATCHERS_MAX`). */
const watchersMax = 10_000;
/** What one Redis master may hold and send, so that copies to replicas and failovers stay quick. */
const redisBytesMax = 32 * 2 ** 30;
const redisSentBytesMax = 60_000_000;
/** The part of USHER_MEMORY_MB for records; proven headers have more (docs/caching.md). */
const recordsPart = 11 / 64;
/** The part for both. */
const cachesPart = (11 + 24) / 64;

/** Predicts the needs of a deployment. */
export function predict(constants: Constants, deployment: Deployment): Needs {
  const c = constants;
  const { verdicts, tokens, changes, sdks, memoryMb } = deployment;
  const entriesMax = Math.floor((memoryMb * 2 ** 20 * recordsPart) / c.recordWeightBytes);
  const hitShare = zipfHitShare(tokens, Math.min(entriesMax, tokens));
  const messages = sdks * messagesTo(c.heartbeats, changes);
  const evicted = verdicts * (1 - hitShare);
  const shared = (verdicts * c.grpcUs + evicted * c.missUs + messages * c.messageUs) / 1e6;
  // Each process also pays for being there, and for each change.
  const each = (c.idleUs + changes * c.toldUs) / 1e6;
  const forCalls = Math.ceil(shared / Math.max(busyMax - each, 0.01));
  const processes = deployment.processes ?? Math.max(1, forCalls, Math.ceil(sdks / watchersMax));
  // Each process reads a changed record again when it is next used, at the most as often as calls come.
  const reads = evicted + Math.min(changes * processes, verdicts);
  // Beyond the limit of the caches, others make way.
  const cachedBytes = Math.min(tokens * c.cachedTokenBytes, memoryMb * 2 ** 20 * cachesPart);
  return {
    processes,
    hitShare,
    redisCommands: processes * c.idleCommands + reads + changes * c.changeCommands,
    redisCores:
      (processes * (c.idleRedisUs + changes * c.toldRedisUs) +
        reads * c.missRedisUs +
        changes * c.changeRedisUs) /
      1e6,
    redisBytes: tokens * (c.tokenRedisBytes + c.changeRedisBytes),
    redisSentBytes: processes * (c.idleBytes + changes * c.toldBytes) + reads * c.recordBytes,
    processBytes: c.processBytes + cachedBytes + (sdks / processes) * c.watcherBytes,
    cores: shared + processes * each,
    messages,
  };
}

/** Messages to a watcher in a second: each change is one, after which the wait for a heartbeat begins again. */
function messagesTo(heartbeats: number, changes: number): number {
  return changes === 0 ? heartbeats : changes / -Math.expm1(-changes / heartbeats);
}

/**
 * The share of hits of an LRU cache with `entries` places among `count` items that are used by Zipf's law, by
 * Che's approximation: an item is in the cache if it was used within a time that is the same for all.
 */
export function zipfHitShare(count: number, entries: number): number {
  if (entries >= count) return 1;
  const items = [...ranges(count)];
  const total = items.reduce((sum, { size, rate }) => sum + size * rate, 0);
  const held = (time: number) =>
    items.reduce((sum, { size, rate }) => sum + size * -Math.expm1(-rate * time), 0);
  let low = 0;
  let high = 1;
  while (held(high) < entries) high *= 2;
  for (let step = 0; step < 60; step++) {
    const middle = (low + high) / 2;
    if (held(middle) < entries) low = middle;
    else high = middle;
  }
  const hits = items.reduce(
    (sum, { size, rate }) => sum + size * rate * -Math.expm1(-rate * high),
    0,
  );
  return hits / total;
}

/** The ranks of all items: the first thousand one by one, the others in ranges that grow. */
function* ranges(count: number): Generator<{ size: number; rate: number }> {
  for (let from = 1; from <= count; ) {
    const next = Math.min(count + 1, from < 1000 ? from + 1 : Math.ceil(from * 1.02));
    const size = next - from;
    yield { size, rate: (Math.log(next - 0.5) - Math.log(from - 0.5)) / size };
    from = next;
  }
}

/** What is nearest to its end, and how much of it is used: 1 and more is too much. */
export interface Bend {
  what: string;
  share: number;
}

/** What bends first in a deployment. */
export function firstBend({ redisCores, redisBytes, redisSentBytes }: Needs): Bend {
  const all: Bend[] = [
    { what: 'CPU of Redis', share: redisCores / busyMax },
    { what: 'memory of Redis', share: redisBytes / redisBytesMax },
    { what: 'network of Redis', share: redisSentBytes / redisSentBytesMax },
  ];
  return all.reduce((most, each) => (each.share > most.share ? each : most));
}
