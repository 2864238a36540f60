/** Measures what access tokens cost: in Redis, in the caches of a process, and for calls with them. */

import { create, toBinary } from '@bufbuild/protobuf';
import { VerifyRequestSchema } from '../../src/gen/usher/v1/verifier_pb.ts';
import { grpcFrame, measure } from '../load.ts';
import { commandsOf, totalOf } from '../store/redis-commands.ts';
import { zipf } from '../store/zipf-draws.ts';
import type { Check, Measured } from './checks.ts';
import { type Filled, startFilled } from './measure-redis.ts';
import { zipfHitShare } from './model.ts';
import { loadDuring, ownBytes } from './redis-load.ts';

/** Numbers of access tokens; the constants are from the second, and the others check them. */
const counts = { usual: [1000, 10_000, 100_000], quick: [1000, 4000, 20_000] };

/** What was seen of one number of access tokens. */
interface Seen {
  count: number;
  tokenBytes: number;
  restBytes: number;
  fullBytes: number;
  recordWeightBytes: number;
  missUs: number;
  hitUs: number;
  grpcUs: number;
  missRedisUs: number;
  recordBytes: number;
}

/** The constants of access tokens, and how well they predict fewer and more of them. */
export async function measureTokens(isQuick: boolean): Promise<Measured> {
  const chosen = isQuick ? counts.quick : counts.usual;
  const seen: Seen[] = [];
  for (const count of chosen) seen.push(await see(count));
  const base = seen[1] as Seen;
  const cachedTokenBytes = (base.fullBytes - base.restBytes) / base.count;
  const constants = {
    grpcUs: base.grpcUs,
    httpUs: base.hitUs,
    missUs: base.missUs - base.hitUs,
    missRedisUs: base.missRedisUs,
    recordBytes: base.recordBytes,
    tokenRedisBytes: base.tokenBytes,
    recordWeightBytes: base.recordWeightBytes,
    cachedTokenBytes,
  };
  const checks = seen
    .filter(each => each !== base)
    .flatMap(({ count, ...of }) => {
      const among = (what: string, unit: string, predicted: number, measured: number) => ({
        ...{ what: `${count.toLocaleString('en')} access tokens: ${what}`, unit },
        ...{ predicted, measured },
      });
      const mb = (bytes: number) => bytes / 2 ** 20;
      return [
        among('memory of Redis', 'MB', mb(count * base.tokenBytes), mb(count * of.tokenBytes)),
        among(
          'memory of a process that has verified each',
          'MB',
          mb(base.restBytes + count * cachedTokenBytes),
          mb(of.fullBytes),
        ),
        among('CPU of a verdict from memory, HTTP', 'µs', base.hitUs, of.hitUs),
        among('CPU of a verdict from Redis, HTTP', 'µs', base.missUs, of.missUs),
      ];
    });
  for (const count of chosen) checks.push(await checkHits(count));
  return [constants, checks];
}

async function see(count: number): Promise<Seen> {
  // All have room here: how much one takes is the question.
  const filled = await startFilled(count, { USHER_MEMORY_MB: '2048' });
  try {
    const { usher, redis, headers } = filled;
    const restBytes = ownBytes(usher.pid);
    let missUs = 0;
    const miss = await loadDuring(redis, [usher.pid], async () => {
      missUs = await filled.callEach(headers);
    });
    const hitUs = await filled.callEach(headers);
    const fullBytes = ownBytes(usher.pid);
    return {
      ...{ count, tokenBytes: filled.tokenBytes, restBytes, fullBytes, missUs, hitUs },
      recordWeightBytes: (await weightOf(filled, 'records')) / count,
      grpcUs: await grpcUsOf(filled),
      missRedisUs: miss.redisUs / count,
      recordBytes: miss.sentBytes / count,
    };
  } finally {
    await filled.stop();
  }
}

async function weightOf({ usher }: Filled, what: string): Promise<number> {
  const answer = await fetch(`http://${usher.manager}/metrics`, {
    headers: { authorization: usher.adminToken },
  });
  const text = await answer.text();
  const [, value] =
    new RegExp(`^usher_memory_bytes\\{what="${what}"\\} (\\S+)`, 'm').exec(text) ?? [];
  if (value === undefined) throw new Error(`the metrics lack usher_memory_bytes of ${what}`);
  return Number(value);
}

async function grpcUsOf({ usher, headers }: Filled): Promise<number> {
  const request = create(VerifyRequestSchema, { header: headers[0] as string });
  const { cpuUs } = await measure([usher.pid], {
    url: `http://${usher.grpc}/usher.v1.VerifierService/Verify`,
    headers: { 'content-type': 'application/grpc', te: 'trailers' },
    body: grpcFrame(toBinary(VerifyRequestSchema, request)),
    calls: 20_000,
    connections: 4,
    streams: 16,
  });
  return cpuUs;
}

const places = 1000;
const warmUps = 20_000;
const draws = 10_000;

/** The reads of Redis where only a thousand records have room, and the tokens are used by Zipf's law. */
async function checkHits(count: number): Promise<Check> {
  const filled = await startFilled(count, { USHER_CACHE_ENTRIES_MAX: String(places) });
  try {
    const draw = zipf(count);
    const drawn = (many: number) =>
      Array.from({ length: many }, () => filled.headers[draw()] as string);
    await filled.callEach(drawn(warmUps));
    const commands = await commandsOf(filled.redis.port, () => filled.callEach(drawn(draws)));
    return {
      what: `${count.toLocaleString('en')} access tokens, room for ${places.toLocaleString('en')}: from memory`,
      unit: '%',
      predicted: zipfHitShare(count, Math.min(places, count)) * 100,
      measured: (1 - totalOf(commands) / draws) * 100,
    };
  } finally {
    await filled.stop();
  }
}
