/** Access tokens with limits on a running server, for the tests of them. */

import { durationFromMs } from '@bufbuild/protobuf/wkt';
import { Kind, LimitPer, Period } from '../../src/gen/usher/v1/access_token_pb.ts';
import { adminOf } from './api.ts';
import type { TestServer } from './run-server.ts';

type Manager = Pick<TestServer, 'manager' | 'adminToken'>;

/** Creates a static token that lets through so many requests in so many seconds. */
export async function withRate(server: Manager, requests: number, seconds: number, more = {}) {
  const made = await adminOf(server).create({
    ...{ kind: Kind.STATIC, name: 'limited', ...more },
    rateLimit: { requests: BigInt(requests), window: durationFromMs(seconds * 1000) },
  });
  return { token: made.token, id: made.accessToken?.id ?? '' };
}

/** The same for a quota of a month. */
export async function withQuota(server: Manager, requests: number, more = {}) {
  const made = await adminOf(server).create({
    ...{ kind: Kind.STATIC, name: 'limited', ...more },
    quota: { requests: BigInt(requests), period: Period.MONTH, per: LimitPer.TOKEN },
  });
  return { token: made.token, id: made.accessToken?.id ?? '' };
}

/** Asks the root path; resolves to the status. */
export async function hello(server: Pick<TestServer, 'http'>, token: string): Promise<number> {
  const answer = await fetch(`http://${server.http}/`, { headers: { authorization: token } });
  await answer.arrayBuffer();
  return answer.status;
}

/** Asks so many times, some at once; resolves to how many were let through, and the other statuses. */
export async function askMany(
  servers: readonly Pick<TestServer, 'http'>[],
  token: string,
  times: number,
) {
  const statuses: number[] = [];
  for (let n = 0; n < times; n += 10 * servers.length) {
    const asked = servers.flatMap(server => Array.from({ length: 10 }, () => hello(server, token)));
    statuses.push(...(await Promise.all(asked)));
  }
  return {
    passed: statuses.filter(status => status === 200).length,
    others: [...new Set(statuses.filter(status => status !== 200))],
  };
}
